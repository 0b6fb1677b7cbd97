/** What the teacher of `npm run bench -- skillmix` answers: by the request alone, so that a call that is made twice is answered alike. */
import { scriptedSkillMix } from '../../test/scripted-skillmix.js';

/** One answer in a hundred is of no use, and asked for again. */
export const answer = scriptedSkillMix({ cutOff: 0.1, misjudged: 0.05, unreadable: 0.01 });
