import type { DetectorOptions } from '../config/guardrails.ts'
import { type Automaton, automaton } from './automaton.ts'
import { type Detector, type Hit, merged } from './detector.ts'
import { assignment, memberAssignment, secretNames } from './secrets/assignment.ts'
import { cloud } from './secrets/cloud.ts'
import { development } from './secrets/development.ts'
import { entropy } from './secrets/entropy.ts'
import type { Found, SecretRule } from './secrets/rule.ts'
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

let search: Automaton | undefined

/** Made when the first text needs it: a gateway without this detector does not pay for it. */
const searchOnce = (): Automaton => (search ??= automaton(entries.map(({ literal }) => literal)))

const conditional = secretRules.filter(({ beside }) => beside !== undefined)

/** Several rules can look at the same signs. */
const together = [
  ...new Map(
    conditional.flatMap(({ literals, beside }) =>
      literals.map(literal => [`${beside} ${literal}`, [beside!, literal]]),
    ),
  ).values(),
]

const literals = [...new Set(entries.filter(({ rule }) => rule?.beside === undefined).map(({ literal }) => literal))]

const placeholderOf = (rule: string): string => `[redacted:${rule}]`

const placeholders = [...new Set([...secretRules.map(({ name }) => name), 'password', 'assigned-secret'])].map(
  placeholderOf,
)

/** A rule looks at the same stretch at most so often, however many of its literals stand there. */
const LOOKS = 8
const STRETCH = 64

/** Keeps the time linear in the text: without it, a text of nothing but beginnings would be read anew from each of them. */
class Looked {
  readonly #stretches = new Map<SecretRule | undefined, { end: number; left: number }>()

  mayLook(rule: SecretRule | undefined, start: number): boolean {
    const stretch = this.#stretches.get(rule)
    return stretch === undefined || start >= stretch.end || stretch.left > 0
  }

  note(rule: SecretRule | undefined, start: number, end: number, isHit: boolean): void {
    const stretch = this.#stretches.get(rule)
    const to = isHit ? end : Math.max(end, start + STRETCH)
    if (stretch === undefined) this.#stretches.set(rule, { end: to, left: isHit ? 0 : LOOKS - 1 })
    else if (isHit || start >= stretch.end) {
      stretch.end = to
      stretch.left = isHit ? 0 : LOOKS - 1
    } else {
      stretch.end = Math.max(stretch.end, to)
      stretch.left--
    }
  }
}

/** Finds API keys, tokens and private keys. A rule is only tried where one of its literals stands, so the time is linear in the text. */
export function secrets(options: DetectorOptions['secrets']): Detector {
  const allowed = new Set(options.allowed)
  return {
    name: 'secrets',
    literals,
    together,
    placeholders,
    find(text, key) {
      const reading = new Reading(text, allowed)
      searchOnce().candidates(text, (entry, start) => reading.look(entry, start))
      return reading.hits(key)
    },
    *findInSteps(text, key) {
      const reading = new Reading(text, allowed)
      yield* searchOnce().candidatesInSteps(text, (entry, start) => reading.look(entry, start), TURN)
      return reading.hits(key)
    },
  }
}

/** Places that are looked at before others get a turn; most take microseconds. */
const TURN = 256

/** One text, and what was found in it so far. */
class Reading {
  readonly #text: string
  readonly #allowed: ReadonlySet<string>
  readonly #known: Hit[] = []
  readonly #assigned: Hit[] = []
  #looked: Looked | undefined

  constructor(text: string, allowed: ReadonlySet<string>) {
    this.#text = text
    this.#allowed = allowed
  }

  look(entry: number, start: number): void {
    const { rule } = entries[entry]!
    this.#looked ??= new Looked()
    if (!this.#looked.mayLook(rule, start)) return
    const found = rule === undefined ? assignment(this.#text, start) : match(rule, this.#text, start)
    const hit = found?.hit
    const counts = hit !== undefined && !this.#allowed.has(this.#text.slice(hit.start, hit.end))
    this.#looked.note(rule, start, found?.end ?? start, counts)
    if (counts) (rule === undefined ? this.#assigned : this.#known).push(hit)
  }

  hits(key: string | undefined): readonly Hit[] {
    const whole = key === undefined ? undefined : memberAssignment(key, this.#text)
    if (whole !== undefined && !this.#allowed.has(this.#text)) this.#assigned.push(whole)
    return preferring(this.#known, this.#assigned)
  }
}

/** What an issuer's rule has found needs no second name. */
function preferring(known: readonly Hit[], assigned: readonly Hit[]): readonly Hit[] {
  if (known.length === 0 || assigned.length === 0) return merged(known.length === 0 ? assigned : known)
  const stretches = merged(known)
  const named = assigned.map(hit => {
    const same = stretches[firstEndingBehind(stretches, hit.start)]
    if (same === undefined || same.start >= hit.end) return hit
    return { ...hit, rule: same.rule, replacement: same.replacement }
  })
  return merged([...known, ...named])
}

/** Where the first of the hits stands that ends behind a place. They are in order and apart. */
function firstEndingBehind(hits: readonly Hit[], place: number): number {
  let low = 0
  let high = hits.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (hits[middle]!.end > place) high = middle
    else low = middle + 1
  }
  return low
}

function match(rule: SecretRule, text: string, literalAt: number): Found | undefined {
  const { pattern, name } = rule
  const from = literalAt - (rule.back ?? 0)
  if (from < 0) return undefined
  pattern.lastIndex = from
  const found = pattern.exec(text)
  if (found === null) return undefined
  const end = from + found[0].length
  const secret = found[1] ?? found[0]
  if (isRefused(rule, secret) || !hasContext(rule, text, from)) return { end, hit: undefined }
  const start = from + found[0].lastIndexOf(secret)
  return { end, hit: { start, end: start + secret.length, rule: name, replacement: placeholderOf(name) } }
}

const isRefused = (rule: SecretRule, secret: string): boolean =>
  isGeneric(secret) || rule.reject?.(secret) === true || (rule.entropy !== undefined && entropy(secret) < rule.entropy)

const hasContext = ({ context }: SecretRule, text: string, at: number): boolean =>
  context === undefined ||
  text
    .slice(Math.max(0, at - 400), at)
    .toLowerCase()
    .includes(context)
