import { handshake, type HandshakeOptions } from '../../operator/gateways/handshake.ts'

/**
 * Handshakes as the operator makes them, all at once, in a process that has the operator's memory: `handshakes.ts JSON`. Prints what came of each, and how many
 * characters were given to the JSON parser.
 */
let parsed = 0
const { parse } = JSON
JSON.parse = (text: string, ...rest: unknown[]): unknown => {
  parsed += text.length
  return (parse as (text: string, ...rest: unknown[]) => unknown)(text, ...rest)
}

const shakes = parse(process.argv[2] ?? '[]') as HandshakeOptions[]
const { signal } = new AbortController()
const results = await Promise.all(shakes.map(one => handshake(one, signal)))
process.stdout.write(JSON.stringify({ results, parsed }))
