import { hash, randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import type { GatewayOptions } from '../options.ts'
import type { StdioFactory } from './server-upstream.ts'
import { systemClock } from './stdio/clock.ts'
import { defaultLimits } from './stdio/options.ts'
import { stdioUpstream } from './stdio/upstream.ts'

type Variable = { readonly name: string; readonly value?: string | undefined; readonly file?: string | undefined }

const resolved = (variables: readonly Variable[], options: GatewayOptions): Record<string, string> =>
  Object.fromEntries(
    variables.map(({ name, value, file }) => [
      name,
      file === undefined ? (value ?? '') : options.readSecret(file).toString('utf8'),
    ]),
  )

/** Starts bridges to child processes. Secrets are read here, at the edge: the configuration names files only. */
export const stdioFactory = (options: GatewayOptions): StdioFactory => ({
  fingerprint: ({ env }) => hash('sha256', JSON.stringify(resolved(env ?? [], options)), 'hex'),
  make: (name, { command, args, env }) =>
    stdioUpstream({
      name,
      command,
      args: args ?? [],
      env: resolved(env ?? [], options),
      path: process.env.PATH ?? '',
      tempRoot: tmpdir(),
      randomId: () => randomBytes(24).toString('base64url'),
      clock: systemClock,
      log: options.log,
      limits: defaultLimits,
    }),
})
