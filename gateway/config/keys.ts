import * as z from 'zod'
import { glob, list } from './kit.ts'

/** The number of the contract of the second file, which changes apart from the first. */
export const keysSchemaNumber = 1

export const scope = z.enum(['servers:read', 'gateway:execute'])

/** SHA-256 of the whole key, as `sha256:` and 64 lowercase hexadecimal digits. A digest of a 256-bit random key is no secret. */
export const digest = z
  .string()
  .max(71)
  .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits ("bartizan keys create" prints one)')

/** The fields of an APIKey that the gateway enforces. */
export const keyFields = {
  digests: list(digest, 8)
    .min(1)
    .describe('SHA-256 digests of the keys that are valid for this caller; several during a rotation.'),
  scopes: list(scope, 8)
    .optional()
    .describe(
      'What the caller may do. Unset means gateway:execute (which includes servers:read); an empty list grants nothing.',
    ),
  allowedServers: list(glob, 256)
    .min(1)
    .describe('Globs over server names, matched exactly. Required: to allow every server, write ["*"].'),
  allowedTools: list(glob, 256)
    .optional()
    .describe(
      'Globs over tool names, matched exactly as sent. Unset means every tool that the policies of the server show; empty means none.',
    ),
  expiresAt: z.iso
    .datetime({ offset: true })
    .max(64)
    .optional()
    .describe('When the key ends (RFC 3339). Open streams end then, too.'),
  revoked: z.boolean().optional().describe('true refuses the key at once, open streams and running calls included.'),
}

export const key = z.strictObject({
  name: z.string().min(1).max(253),
  /** The very APIKey that this is, and how often its spec had been changed: together they tell which of two descriptions is the newer. */
  uid: z.string().min(1).max(64).optional(),
  generation: z.int().min(1).optional(),
  ...keyFields,
})

/** The second file of the configuration: who may come in. It changes more often than the first and is applied even when the first is refused. */
export const keysFile = z.strictObject({ schema: z.literal(keysSchemaNumber), keys: list(key, 20_000) })

export type Key = z.infer<typeof key>
export type KeysFile = z.infer<typeof keysFile>
