import { ERRORS } from '../contracts/errors';
import type { Clock } from '../core/clock';
import { codeOf } from '../core/errors';
import { parseArguments, type CommandRequest } from './arguments';
import type { AdminApi } from '../core/admin/admin-api';
import type { CommandHost } from './command-host';
import { runClaim } from './claim-command';
import { runDoctor } from './doctor-command';
import { EXIT, writeJson, type CommandIo } from './io';
import { runJob } from './run-job';
import { showStatus } from './status-command';
import { usage } from './usage';

export interface Command {
  /** Answers what needs no project: help, and faults in the arguments. @returns the exit code; null if {@link run} has to answer */
  preflight(argv: readonly string[], io: CommandIo): number | null;
  /** Runs the command. Returns the exit code, see {@link EXIT}. Never throws. */
  run(argv: readonly string[], io: CommandIo): Promise<number>;
}

/** Makes the command line, independent of the process in which it runs. */
export function createCommand(host: CommandHost, clock: Clock): Command {
  const preflight = (argv: readonly string[], io: CommandIo) => {
    const parsed = parseArguments(argv);
    if (parsed.kind === 'run') return null;
    if (parsed.kind === 'help') {
      io.stdout.write(usage(parsed.command));
      return EXIT.DONE;
    }
    io.stderr.write(`${parsed.message}.\n\n${usage(parsed.command)}`);
    return EXIT.USAGE;
  };
  return {
    preflight,
    async run(argv, io) {
      const parsed = parseArguments(argv);
      if (parsed.kind !== 'run') return preflight(argv, io) ?? EXIT.USAGE;
      try {
        return await perform(parsed.request, host, io, clock);
      } catch (error) {
        return reportFailure(error, parsed.request, io);
      }
    },
  };
}

async function perform(request: CommandRequest, host: CommandHost, io: CommandIo, clock: Clock): Promise<number> {
  const { command, json } = request;
  if (command === 'doctor') return runDoctor(host, io, json);
  const admin = await startOf(host, request, io);
  if (!admin) return EXIT.BLOCKED;
  if (command === 'claim') return runClaim(admin, request, io);
  if (command === 'status') return showStatus(admin, io, json);
  return runJob({ ...request, command }, admin, io, clock);
}

async function startOf(host: CommandHost, { json }: CommandRequest, io: CommandIo): Promise<AdminApi | null> {
  try {
    return await host.start();
  } catch (error) {
    const reason = { code: 'NOT_STARTED', ...ERRORS.NOT_STARTED } as const;
    io.stderr.write(`${reason.message} (${codeOf(error)})\n→ “doctor” says more.\n`);
    if (json) writeJson(io, { error: reason });
    return null;
  }
}

function reportFailure(error: unknown, { command, json }: CommandRequest, io: CommandIo): number {
  const code = codeOf(error);
  // the person who typed the command gets the whole text of an unexpected failure
  const text = error instanceof Error ? error.message : String(error);
  io.stderr.write(`${command} failed: ${text}\n→ ${ERRORS[code].hint}\n`);
  if (json) writeJson(io, { error: { code, ...ERRORS[code] } });
  return EXIT.FAILED;
}
