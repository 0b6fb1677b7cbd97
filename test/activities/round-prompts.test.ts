import assert from 'node:assert/strict';
import { buildPrompt } from '../../activities/round-prompts.js';
import type { Candidate } from '../../activities/types.js';
import { storedRecipe } from './stored-run.js';

describe('buildPrompt', () => {
  it('puts a prompt in the form of the teacher that makes the phase’s calls', () => {
    const recipe = storedRecipe({
      teacher: { form: 'completion' },
      teachers: { strong: { endpoint: 'openai', model: 'strong', form: 'chat' } },
      generation: { prompts: 'staged', answers: 'direct', teachers: { answers: 'strong' } },
    });
    const candidates = new Map([['c', { instruction: 'Name a river.' } as Candidate]]);
    const sources = { recipe, seeds: new Map(), candidates };
    const forms = (['instructions', 'answers'] as const).map((phase) => {
      const candidateId = phase === 'answers' ? 'c' : null;
      return buildPrompt({ ...sources, phase }, { seedIds: [], candidateId, isClassification: null }).body
        .form;
    });
    assert.deepEqual(forms, ['completion', 'chat']);
  });
});
