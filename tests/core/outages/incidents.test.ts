import { Events } from '../../../server/src/core/events';
import { logOutages } from '../../../server/src/core/outages/outage-lines';
import { Outage, type IncidentLog } from '../../../server/src/core/outages/outage';
import { FakeClock } from '../../support/fake-clock';

/** Records in short what it is told. It fails while `down`. */
class FakeIncidents implements IncidentLog {
  readonly told: string[] = [];
  down = false;
  /** Runs in the middle of the next call. */
  meanwhile: () => void = () => undefined;

  begin = (code: string) => this.#tell(`begin ${code}`);
  note = ({ fellBack, ended }: { fellBack: number; ended: boolean }) => this.#tell(`${ended ? 'end' : 'beat'} +${fellBack}`);
  endUnseen = () => this.#tell('end unseen');
  list = async () => [];

  async #tell(what: string): Promise<void> {
    if (this.down) throw new Error('the database is away');
    this.told.push(what);
    const { meanwhile } = this;
    this.meanwhile = () => undefined;
    meanwhile();
  }
}

let incidents: FakeIncidents;
let outage: Outage;
let warnings: string[];
let asked: number;
beforeEach(() => {
  incidents = new FakeIncidents();
  warnings = [];
  asked = 0;
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: (line: string) => void warnings.push(line), error: quiet };
  const events = new Events(log);
  events.on('incidentChanged', () => asked++);
  logOutages(events, log, () => true);
  outage = new Outage(incidents, new FakeClock(), events);
});

test('an outage is written as one incident, with the new fallbacks of each flush, and logged with two warnings', async () => {
  outage.begins('UNREACHABLE');
  outage.begins('TIMEOUT');
  outage.fellBack('TIMEOUT');
  outage.fellBack('TIMEOUT');
  await outage.flush();
  outage.fellBack('TIMEOUT');
  await outage.flush();
  outage.ends();
  outage.ends();
  await outage.flush();
  expect(incidents.told).toEqual(['begin UNREACHABLE', 'beat +2', 'beat +1', 'end +0', 'end unseen']);
  expect(warnings).toHaveLength(2);
  expect(asked).toBe(5);
});

test('each flush during an outage is a sign of life, even when nothing happened', async () => {
  outage.begins('UNREACHABLE');
  for (let minute = 0; minute < 3; minute++) await outage.flush();
  expect(incidents.told).toEqual(['begin UNREACHABLE', 'beat +0', 'beat +0', 'beat +0']);
});

test('a flush without an outage ends the incidents of crashed processes, and writes nothing else', async () => {
  await outage.flush();
  outage.ends();
  await outage.flush();
  expect(incidents.told).toEqual(['end unseen', 'end unseen']);
});

test('an outage that ends before the first flush and the next outage are two incidents', async () => {
  outage.fellBack('UNREACHABLE');
  outage.ends();
  outage.fellBack('TIMEOUT');
  await outage.flush();
  expect(incidents.told).toEqual(['begin UNREACHABLE', 'end +1', 'begin TIMEOUT', 'beat +1']);
});

test('a later flush writes what a failed flush could not, and counts each fallback once', async () => {
  incidents.down = true;
  outage.fellBack('UNREACHABLE');
  await expect(outage.flush()).rejects.toThrow('away');
  outage.fellBack('UNREACHABLE');
  outage.ends();
  await expect(outage.flush()).rejects.toThrow('away');
  incidents.down = false;
  await outage.flush();
  await outage.flush();
  expect(incidents.told).toEqual(['begin UNREACHABLE', 'end +2', 'end unseen', 'end unseen']);
});

test('a fallback and an end that come while a flush writes are in the next flush', async () => {
  outage.fellBack('UNREACHABLE');
  incidents.meanwhile = () => {
    incidents.meanwhile = () => {
      outage.fellBack('UNREACHABLE');
      outage.ends();
    };
  };
  await outage.flush();
  await outage.flush();
  expect(incidents.told).toEqual(['begin UNREACHABLE', 'beat +1', 'end unseen', 'end +1', 'end unseen']);
});
