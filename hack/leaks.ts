import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { register, sinkKinds, sinks, type Minted } from './minted.ts'

/** Fewer secrets than this, and the search would prove little. */
export const enough = 200

export type Leak = { readonly sink: string; readonly kind: string; readonly spelling: string }
type Needle = { readonly text: string; readonly kind: string; readonly spelling: string }

const escaped = (prefix: string, width: number) => (secret: string) =>
  [...Buffer.from(secret)].map(byte => prefix + byte.toString(16).padStart(width, '0')).join('')

/**
 * The characters of base64 that depend on the secret alone, for each of the three positions that it can have in a longer text:
 * what encodes a neighbour's bits as well is cut off.
 */
function base64Cores(secret: string, encoding: 'base64' | 'base64url'): string[] {
  return [0, 1, 2].map(shift => {
    const text = Buffer.from('\0'.repeat(shift) + secret)
      .toString(encoding)
      .replace(/(?<!=)=+$/, '')
    return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + Buffer.byteLength(secret)) * 8) / 6))
  })
}

/** Every way in which a secret may be written down. Those of `folded` are looked for in the lowercased text. */
export const spellings = {
  exact: {
    raw: (secret: string) => [secret],
    base64: (secret: string) => base64Cores(secret, 'base64'),
    base64url: (secret: string) => base64Cores(secret, 'base64url'),
    json: (secret: string) => [JSON.stringify(secret).slice(1, -1)],
    percent: (secret: string) => [encodeURIComponent(secret)],
  },
  folded: {
    hex: (secret: string) => [Buffer.from(secret).toString('hex')],
    percent: (secret: string) => [escaped('%', 2)(secret)],
    json: (secret: string) => [escaped('\\u', 4)(secret)],
  },
} as const

function needles(secrets: readonly Minted[], group: keyof typeof spellings): Needle[] {
  return secrets.flatMap(({ kind, value }) =>
    [value, value.slice(-12)].flatMap(part =>
      Object.entries(spellings[group]).flatMap(([spelling, write]) =>
        write(part).map(text => ({ text, kind, spelling: part === value ? spelling : `${spelling}, last 12` })),
      ),
    ),
  )
}

const stem = 10

/** Needles by their first characters: the text is walked once, however many secrets there are. */
function indexed(all: readonly Needle[]): (text: string) => Needle[] {
  const byStem = Map.groupBy(all, needle => needle.text.slice(0, stem))
  return text => {
    const found: Needle[] = []
    for (let at = 0; at + stem <= text.length; at++) {
      const candidates = byStem.get(text.slice(at, at + stem))
      if (candidates) found.push(...candidates.filter(needle => text.startsWith(needle.text, at)))
    }
    return found
  }
}

/** Makes a search for all the secrets in all their spellings. The answer never holds the secret itself. */
export function search(secrets: readonly Minted[]): (sink: string, captured: Buffer) => Leak[] {
  const exact = indexed(needles(secrets, 'exact'))
  const folded = indexed(needles(secrets, 'folded'))
  return (sink, captured) => {
    const text = captured.toString('latin1')
    const found = [...exact(text), ...folded(text.toLowerCase())]
    const leaks = found.map(({ kind, spelling }) => ({ sink, kind, spelling }))
    return [...new Map(leaks.map(leak => [JSON.stringify(leak), leak])).values()]
  }
}

/** The register, each secret once. */
export function readRegister(file: string): Minted[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
  const all = lines.map(line => JSON.parse(line) as Minted)
  return [...new Map(all.map(minted => [minted.value, minted])).values()]
}

export type Verdict = { readonly problems: readonly string[]; readonly secrets: number; readonly files: number }

/** Searches every captured file; too few secrets and a kind of sink that was not captured are problems, too. */
export function judge(registerFile: string, folder: string): Verdict {
  const secrets = readRegister(registerFile)
  const problems: string[] = []
  if (secrets.length < enough) problems.push(`only ${secrets.length} secrets were minted, ${enough} are needed`)
  const find = search(secrets)
  let files = 0
  for (const kind of sinkKinds) {
    const here = join(folder, kind)
    const names = existsSync(here) ? readdirSync(here) : []
    const captured = names.map(name => ({ name: `${kind}/${name}`, bytes: readFileSync(join(here, name)) }))
    if (captured.every(file => file.bytes.length === 0)) problems.push(`nothing was captured for the sink "${kind}"`)
    for (const { name, bytes } of captured) {
      files++
      problems.push(...find(name, bytes).map(leak => `${leak.sink}: a secret of kind ${leak.kind} (${leak.spelling})`))
    }
  }
  return { problems, secrets: secrets.length, files }
}

if (import.meta.main) {
  const { problems, secrets, files } = judge(register(), sinks())
  for (const problem of problems) console.error(`leaks: ${problem}`)
  console.log(`leaks: ${secrets} secrets looked for in ${files} captured files, ${problems.length} problems`)
  if (problems.length > 0) process.exitCode = 1
}
