import type { DetectorOptions } from '../config/guardrails.ts'
import { automaton } from './automaton.ts'
import { type Detector, type Hit, merged } from './detector.ts'
import { assignment, memberAssignment, secretNames } from './secrets/assignment.ts'
import { cloud } from './secrets/cloud.ts'
import { development } from './secrets/development.ts'
import { entropy } from './secrets/entropy.ts'
import type { SecretRule } from './secrets/rule.ts'
import { services } from './secrets/services.ts'
import { isGeneric } from './secrets/stand-ins.ts'
import { structure } from './secrets/structure.ts'

/** The kept rule set. Where two rules see the same text, the earlier one gives its name. */
export const secretRules: readonly SecretRule[] = [...structure, ...cloud, ...development, ...services]

type Entry = { readonly literal: string; readonly rule: SecretRule | undefined }

/** Each literal of a rule, then the names after which any random value is a secret. */
const entries: readonly Entry[] = [
  ...secretRules.flatMap(rule => rule.literals.map(literal => ({ literal, rule }))),
  ...secretNames.map(literal => ({ literal, rule: undefined })),
]

const search = automaton(entries.map(({ literal }) => literal))

const placeholderOf = (rule: string): string => `[redacted:${rule}]`

const placeholders = [...new Set([...secretRules.map(({ name }) => name), 'password', 'assigned-secret'])].map(
  placeholderOf,
)

/** Finds API keys, tokens and private keys. A rule is only tried where one of its literals stands, so the time is linear in the text. */
export function secrets(options: DetectorOptions['secrets']): Detector {
  const allowed = new Set(options.allowed)
  return {
    name: 'secrets',
    literals: [...new Set(entries.map(({ literal }) => literal))],
    placeholders,
    find(text, key) {
      const known: Hit[] = []
      const assigned: Hit[] = []
      // A rule does not look again at what it has found: the beginnings of a token may repeat within it.
      const done = new Map<SecretRule | undefined, number>()
      search.candidates(text, (entry, start) => {
        const { rule } = entries[entry]!
        if (start < (done.get(rule) ?? 0)) return
        const hit = rule === undefined ? assignment(text, start) : hitOf(rule, text, start)
        if (hit === undefined || allowed.has(text.slice(hit.start, hit.end))) return
        done.set(rule, hit.end)
        ;(rule === undefined ? assigned : known).push(hit)
      })
      const whole = key === undefined ? undefined : memberAssignment(key, text)
      if (whole !== undefined && !allowed.has(text)) assigned.push(whole)
      return preferring(known, assigned)
    },
  }
}

/** What an issuer's rule has found needs no second name. */
function preferring(known: readonly Hit[], assigned: readonly Hit[]): readonly Hit[] {
  const overlaps = (a: Hit, b: Hit): boolean => a.start < b.end && b.start < a.end
  if (known.length === 0) return merged(assigned)
  const named = assigned.map(hit => {
    const same = known.find(other => overlaps(hit, other))
    return same === undefined ? hit : { ...hit, rule: same.rule, replacement: same.replacement }
  })
  return merged([...known, ...named])
}

function hitOf(rule: SecretRule, text: string, literalAt: number): Hit | undefined {
  const { pattern } = rule
  pattern.lastIndex = literalAt - (rule.back ?? 0)
  if (literalAt < (rule.back ?? 0)) return undefined
  const match = pattern.exec(text)
  if (match === null) return undefined
  const secret = match[1] ?? match[0]
  if (isRefused(rule, secret) || !hasContext(rule, text, match.index)) return undefined
  const start = match.index + match[0].lastIndexOf(secret)
  return { start, end: start + secret.length, rule: rule.name, replacement: placeholderOf(rule.name) }
}

const isRefused = (rule: SecretRule, secret: string): boolean =>
  isGeneric(secret) || rule.reject?.(secret) === true || (rule.entropy !== undefined && entropy(secret) < rule.entropy)

const hasContext = ({ context }: SecretRule, text: string, at: number): boolean =>
  context === undefined ||
  text
    .slice(Math.max(0, at - 400), at)
    .toLowerCase()
    .includes(context)
