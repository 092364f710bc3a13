// A result that is not there yet: while one is being made, the plan's page shows how far it is.
import {get} from './server.js';

const job = await get('/api/run').catch(() => ({}));
if (job.state === 'running') location.replace('/edit');
