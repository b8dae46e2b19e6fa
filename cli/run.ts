import { randomBytes } from 'node:crypto'
import { fileSink } from '../gateway/observe/file-sink.ts'
import { auditNotices } from '../gateway/observe/log.ts'
import { standaloneRotation } from '../gateway/config/rotation.ts'
import { startGateway } from '../gateway/start.ts'
import { ConfigurationError, type Gateway, type GatewayOptions } from '../gateway/options.ts'
import type { Command, Io } from './command.ts'
import { UsageError } from './usage-error.ts'
import { configure, type Configured } from './configure.ts'
import { problemLine } from './check.ts'
import { readSources } from './files.ts'
import { findings } from './findings.ts'
import { requireProtection } from './listen.ts'
import { load, type Loaded } from './load.ts'
import { runLog } from './log.ts'
import { runOptions, runUsage, type RunOptions } from './run-options.ts'
import { openState, type State } from './state.ts'
import { watchEarly } from './watch.ts'
import { welcome } from './welcome.ts'

/** One run: what was read last, and what is in force. */
type RunSession = {
  readonly options: RunOptions
  readonly state: State
  readonly salt: Buffer
  readonly io: Io
  loaded: Loaded
  configured: Configured
  values: Configured['values']
}

const surroundings = ({ options, state, salt }: Pick<RunSession, 'options' | 'state' | 'salt'>) => ({
  namespace: options.namespace,
  urls: options.urls,
  lastGood: state.lastGood(),
  salt,
})

/** What cannot be read might be a guard, so nothing starts without it. */
function firstLoad({ paths }: RunOptions, io: Io): Loaded {
  const loaded = load(readSources(paths), io.env)
  if (loaded.problems.length > 0) {
    io.err(loaded.problems.map(problemLine).join(''))
    throw new UsageError('nothing was started: fix the files first')
  }
  for (const note of loaded.notes) io.err(`${note}\n`)
  if (loaded.resources.some(({ kind }) => kind === 'MCPServer')) return loaded
  throw new UsageError(`no MCPServer in ${paths.join(', ')}: there is nothing to guard`)
}

function newSession(options: RunOptions, state: State, io: Io): RunSession {
  const salt = randomBytes(32)
  const loaded = firstLoad(options, io)
  const configured = configure(loaded, surroundings({ options, state, salt }))
  requireProtection(options.client, configured.config.tls !== undefined, options.insecure)
  if (options.metrics) requireProtection([options.metrics], false, options.insecure)
  return { options, state, salt, io, loaded, configured, values: configured.values }
}

/** Reads the files again and puts into force what can be. */
function reload(session: RunSession, gateway: Gateway): void {
  const { options, state, io } = session
  const loaded = load(readSources(options.paths, 'what is left'), io.env, session.loaded)
  const configured = configure(loaded, surroundings(session))
  // While the old configuration may have to stay, its secrets do, too.
  session.values = new Map([...session.values, ...configured.values])
  const { issues } = gateway.apply(configured.texts)
  for (const line of findings(loaded, configured.desired)) io.err(line)
  for (const note of loaded.notes) if (!session.loaded.notes.includes(note)) io.err(`${note}\n`)
  for (const { path, message } of issues) io.err(`not taken up: ${path}: ${message}\n`)
  session.loaded = loaded
  if (issues.length > 0) return
  if ((configured.config.tls === undefined) !== (session.configured.config.tls === undefined))
    io.err('TLS is switched on or off at the next start only\n')
  session.configured = configured
  session.values = configured.values
  state.keepLastGood(configured.desired.lastGood)
  io.err(`Reloaded: ${configured.config.servers.length} servers, ${configured.keys.keys.length} keys.\n`)
}

function tryReload(session: RunSession, gateway: Gateway): void {
  try {
    reload(session, gateway)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    session.io.err(`not reloaded: ${error.message}\n`)
  }
}

function startFailure(error: unknown): unknown {
  if (error instanceof ConfigurationError) return new UsageError(error.message)
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  if (code === 'EADDRINUSE')
    return new UsageError(`${address}:${port} is in use: stop what listens there, or choose another with --listen`)
  if (code === 'EADDRNOTAVAIL' || code === 'EACCES')
    return new UsageError(`cannot listen on ${address}:${port} (${code})`)
  return error
}

async function start(session: RunSession): Promise<Gateway> {
  const { options, state, io, configured } = session
  const log = runLog(options.json, line => io.err(line), io.now)
  const gatewayOptions: GatewayOptions = {
    texts: configured.texts,
    readSecret(file) {
      const value = session.values.get(file)
      if (!value) throw new Error(`there is no secret ${file.split('#')[0]}`)
      return value
    },
    guard: server => [state.guard(server)],
    instance: state.instance,
    client: options.client,
    ...(state.socket !== undefined && { admin: [{ socket: state.socket }] }),
    ...(options.metrics && { metrics: [options.metrics] }),
    audit: await fileSink(state.audit, standaloneRotation, auditNotices(log)),
    log,
  }
  try {
    return await startGateway(gatewayOptions)
  } catch (error) {
    throw startFailure(error)
  }
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
const stopSignal = (): Promise<void> =>
  new Promise(resolve => {
    let once = false
    const end = (): void => {
      if (once) process.exit(130)
      once = true
      resolve()
    }
    process.on('SIGTERM', end)
    process.on('SIGINT', end)
  })

async function serve(options: RunOptions, state: State, io: Io): Promise<number> {
  const watched = watchEarly(options.paths)
  try {
    const session = newSession(options, state, io)
    const { loaded, configured } = session
    for (const line of findings(loaded, configured.desired)) io.err(line)
    const ended = stopSignal()
    const gateway = await start(session)
    state.keepLastGood(configured.desired.lastGood)
    io.out(welcome({ configured, urls: gateway.urls, paths: options.paths, audit: state.audit, now: io.now() }))
    watched.act(() => tryReload(session, gateway))
    await ended
    io.err('Ending: calls in flight may finish.\n')
    watched.end()
    await gateway.stop()
    return 0
  } finally {
    watched.end()
  }
}

/** `bartizan run`. */
export const run: Command = {
  summary: 'guard the servers of some manifests on this machine',
  usage: runUsage,
  async run(args, io) {
    const options = runOptions(args)
    const state = openState(options.state)
    try {
      return await serve(options, state, io)
    } finally {
      state.release()
    }
  },
}
