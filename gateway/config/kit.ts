import * as z from 'zod'

/**
 * A union: an object with exactly one member set. `discriminatedUnion` becomes `anyOf`, which a structural CRD schema refuses; this becomes
 * optional properties and one CEL rule.
 */
export const oneOf = <M extends Record<string, z.ZodType>>(members: M) => {
  const names = Object.keys(members)
  const shape = Object.fromEntries(names.map(name => [name, members[name]!.optional()])) as {
    [K in keyof M]: z.ZodOptional<M[K]>
  }
  const rule = `[${names.map(name => `has(self.${name})`).join(',')}].filter(x,x==true).size() == 1`
  const message = `set exactly one of ${names.join(', ')}`
  return z
    .strictObject(shape)
    .refine(value => names.filter(name => (value as Record<string, unknown>)[name] !== undefined).length === 1, message)
    .meta({ 'x-kubernetes-validations': [{ rule, message }] })
}

/** A list with an upper bound: an unbounded one makes CEL rules too expensive for the API server. */
export const list = <T extends z.ZodType>(item: T, max: number) => z.array(item).max(max)

const durationPattern = /^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/

/** A duration as Kubernetes writes it: `300ms`, `30s`, `1m30s`, `2h`. */
export const duration = z.string().max(32).regex(durationPattern, 'must be a duration such as 300ms, 30s, 1m30s or 2h')

const unit: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of a duration that the schema has accepted. */
export function milliseconds(text: string): number {
  let total = 0
  for (const [, amount, name] of text.matchAll(/(?<![0-9.])([0-9.]+)(ms|s|m|h)/g))
    total += Number(amount) * unit[name!]!
  return total
}

/** How the gateway's own configuration spells a secret: the file to read it from. The configuration itself never holds one. */
export const secretFile = z.strictObject({
  file: z.string().min(1).max(1024).describe('Path of the file that holds the secret.'),
})

/** Characters of the name of an MCPServer, so that the names of child objects fit. */
export const maxServerName = 46

/** The name of an MCPServer: a DNS label. */
export const serverName = z
  .string()
  .max(maxServerName)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be a lowercase DNS label')

/** A glob over a whole name: `*` stands for any run of characters, `?` for one. */
export const glob = z.string().min(1).max(128)
