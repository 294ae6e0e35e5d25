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

test('an outage is begun once, told as differences while it lasts, and ended; two warnings in all', async () => {
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

test('while it lasts every flush is a sign of life, also when nothing happened', async () => {
  outage.begins('UNREACHABLE');
  for (let minute = 0; minute < 3; minute++) await outage.flush();
  expect(incidents.told).toEqual(['begin UNREACHABLE', 'beat +0', 'beat +0', 'beat +0']);
});

test('without an outage incidents of crashed processes are ended, and nothing else is written', async () => {
  await outage.flush();
  outage.ends();
  await outage.flush();
  expect(incidents.told).toEqual(['end unseen', 'end unseen']);
});

test('an outage that ends before the first flush, and the next one, are two', async () => {
  outage.fellBack('UNREACHABLE');
  outage.ends();
  outage.fellBack('TIMEOUT');
  await outage.flush();
  expect(incidents.told).toEqual(['begin UNREACHABLE', 'end +1', 'begin TIMEOUT', 'beat +1']);
});

test('what could not be written is written later, and counted once', async () => {
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

test('what happens while a flush writes is in the next one', async () => {
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
