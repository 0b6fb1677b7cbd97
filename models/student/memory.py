"""The one model in memory, and the adapter that it wears: loaded only when another is asked for."""

from models.store import Store
from models.student.adapter import read_adapter, wear_stored
from models.student.messages import Ref, StudentModel, StudentSettings
from models.student.model import LanguageModel, Student, load_model, with_adapter

Key = tuple[str | int | float, ...]


class Memory:
    """What an activity finds loaded from the one before it."""

    def __init__(self) -> None:
        self.loaded: tuple[Key, LanguageModel] | None = None
        self.student: tuple[Key, Student] | None = None
        self.scorer: tuple[Key, LanguageModel] | None = None

    def bare(self, asked: StudentModel | StudentSettings) -> LanguageModel:
        """The model as it was published, with no adapter on it."""
        key = (asked.model, asked.device)
        self._take_off()
        if self.loaded is None or self.loaded[0] != key:
            self.loaded = None  # two would not have room
            self.loaded = (key, load_model(asked.model, asked.device))
        return self.loaded[1]

    def to_train(self, settings: StudentSettings) -> Student:
        """The model with an adapter that can be trained; its weights are whatever they were."""
        key = shape(settings)
        if self.student is None or self.student[0] != key:
            self.student = (key, with_adapter(self.bare(settings), settings))
        return self.student[1]

    def wearing(self, asked: StudentModel, store: Store, adapter: Ref) -> LanguageModel:
        """The model with a finished adapter of the store."""
        key = (asked.model, asked.device, adapter.uri, adapter.sha256)
        if self.scorer is None or self.scorer[0] != key:
            stored = read_adapter(store, adapter)
            model = self.bare(asked)
            kept, self.loaded = self.loaded, None  # loaded anew where the adapter does not fit
            self.scorer = (key, wear_stored(model, stored))
            self.loaded = kept
        return self.scorer[1]

    def _take_off(self) -> None:
        for worn in (self.student, self.scorer):
            if worn is not None:
                worn[1].model.unload()
        self.student = self.scorer = None


def shape(settings: StudentSettings) -> Key:
    """What decides which student is in memory; the rest of the settings is about training it."""
    return settings.model, settings.device, settings.lora_rank, settings.lora_alpha
