import { Events } from '../../server/src/core/events';
import { listen } from '../../server/src/engine/listeners';
import { recordingLog } from '../core/settings/support';

test('each request to S3 is a line of the log at the level debug, with its code if it failed, and at no other level', () => {
  const debug: string[] = [];
  const others = recordingLog();
  const log = { ...others, debug: (line: string) => void debug.push(line) };
  const nothing = () => undefined;
  const events = new Events(log);
  listen(events, { connections: { noteUnsent: nothing }, housekeeping: { wake: nothing, fellBack: nothing, awaitsSettling: nothing, noteIncident: nothing }, log, keepsLocally: () => true });

  events.emit('requestEnded', { operation: 'put', ms: 17, code: null });
  events.emit('requestEnded', { operation: 'head', ms: 4_000, code: 'TIMEOUT' });

  expect(debug).toEqual(['S3 put: done after 17 ms', 'S3 head: TIMEOUT after 4000 ms']);
  expect(others.lines).toEqual([]);
});
