import type { DetectorOptions } from '../config/guardrails.ts'
import { type Automaton, automaton } from './automaton.ts'
import type { Steps } from '../exchange.ts'
import { type Detector, type Hit, merged } from './detector.ts'
import { type Folded, settled } from './fold.ts'
import { assignment, memberAssignment, secretNames } from './secrets/assignment.ts'
import { cloud } from './secrets/cloud.ts'
import { development } from './secrets/development.ts'
import { Effort, reach } from './secrets/effort.ts'
import { entropy } from './secrets/entropy.ts'
import { endOfQuote, LONGEST_VALUE } from './secrets/quoted.ts'
import type { RuleMatch, SecretRule, Stretch } from './secrets/rule.ts'
import { services } from './secrets/services.ts'
import { isGeneric } from './secrets/stand-ins.ts'
import { structure } from './secrets/structure.ts'
import { backslashesBefore } from './secrets/surroundings.ts'
import { escapeLiterals, isOdd, spelledInSteps } from './spelled.ts'

/** The kept rule set. Where two rules see the same text, the earlier one gives its name. */
export const secretRules: readonly SecretRule[] = [...structure, ...cloud, ...development, ...services]

type SearchTerm = { readonly literal: string; readonly rule: SecretRule | undefined }

/** Each literal of a rule, then the names after which any random value is a secret. */
const entries: readonly SearchTerm[] = [
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

const literals = [
  ...new Set([
    ...entries.filter(({ rule }) => rule?.beside === undefined).map(({ literal }) => literal),
    ...escapeLiterals,
  ]),
]

const placeholderOf = (rule: string): string => `[redacted:${rule}]`

const placeholders = [...new Set([...secretRules.map(({ name }) => name), 'password', 'assigned-secret'])].map(
  placeholderOf,
)

/** Finds API keys, tokens and private keys. A rule is only tried where one of its literals stands, so the time is linear in the text. */
export function secrets(options: DetectorOptions['secrets']): Detector {
  const allowed = new Set(options.allowed)
  return {
    name: 'secrets',
    literals,
    together,
    placeholders,
    find(text, key) {
      const hits = readAtOnce(text, key, allowed)
      if (!isOdd(text)) return hits
      const spelled = settled(spelledInSteps(text))
      return spelled === undefined ? hits : joined(hits, spelled, readAtOnce(spelled.text, key, allowed))
    },
    *findInSteps(text, key) {
      const hits = yield* readInSteps(text, key, allowed)
      if (!isOdd(text)) return hits
      yield
      const spelled = yield* spelledInSteps(text)
      return spelled === undefined ? hits : joined(hits, spelled, yield* readInSteps(spelled.text, key, allowed))
    },
  }
}

function readAtOnce(text: string, key: string | undefined, allowed: ReadonlySet<string>): readonly Hit[] {
  const reading = new Reading(text, allowed)
  searchOnce().candidates(text, (entry, start) => reading.look(entry, start))
  return reading.hits(key)
}

function* readInSteps(text: string, key: string | undefined, allowed: ReadonlySet<string>): Steps<readonly Hit[]> {
  const reading = new Reading(text, allowed)
  yield* searchOnce().candidatesInSteps(text, (entry, start) => reading.look(entry, start), TURN)
  return reading.hits(key)
}

/** What was found in the text as it stands, and in the text as it is read. */
function joined(hits: readonly Hit[], spelled: Folded, read: readonly Hit[]): readonly Hit[] {
  if (read.length === 0) return hits
  return merged([...hits, ...read.map(hit => ({ ...hit, ...spelled.origin(hit.start, hit.end) }))])
}

/** Places that are looked at before others get a turn; most take microseconds. */
const TURN = 128

/** One text, and what was found in it so far. */
class Reading {
  readonly #text: string
  readonly #allowed: ReadonlySet<string>
  readonly #known: Hit[] = []
  readonly #assigned: Hit[] = []
  #effort: Effort | undefined
  /** Where the last hit of each rule ends. */
  readonly #found = new Map<SecretRule | undefined, number>()

  constructor(text: string, allowed: ReadonlySet<string>) {
    this.#text = text
    this.#allowed = allowed
  }

  look(entry: number, start: number): void {
    const { rule } = entries[entry]!
    // Within what was found already there is nothing more to find.
    if (start < (this.#found.get(rule) ?? 0)) return
    this.#effort ??= new Effort(this.#text.length)
    if (!this.#effort.isLeft(rule)) return this.#note(rule, unjudged(rule, start, this.#text.length))
    this.#try(rule, start, this.#effort)
  }

  #try(rule: SecretRule | undefined, start: number, effort: Effort): void {
    const found = rule === undefined ? assignment(this.#text, start) : match(rule, this.#text, start)
    const hit = found?.hit
    const read = (found?.end ?? start) - start
    if (hit !== undefined && !this.#allowed.has(this.#text.slice(hit.start, hit.end))) this.#note(rule, hit)
    else effort.spend(rule, read)
  }

  #note(rule: SecretRule | undefined, hit: Hit): void {
    this.#found.set(rule, hit.end)
    ;(rule === undefined ? this.#assigned : this.#known).push(hit)
  }

  hits(key: string | undefined): readonly Hit[] {
    const whole = key === undefined ? undefined : memberAssignment(key, this.#text)
    if (whole !== undefined && !this.#allowed.has(this.#text)) this.#assigned.push(whole)
    return preferring(this.#known, this.#assigned)
  }
}

function unjudged(rule: SecretRule | undefined, start: number, length: number): Hit {
  const name = rule?.name ?? 'assigned-secret'
  const end = start + (rule === undefined ? LONGEST_VALUE : reach(rule))
  return { start, end: Math.min(length, end), rule: name, replacement: placeholderOf(name) }
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

function match(rule: SecretRule, text: string, literalAt: number): RuleMatch | undefined {
  const { pattern, name } = rule
  const from = literalAt - (rule.back ?? 0)
  if (from < 0) return undefined
  pattern.lastIndex = from
  const found = pattern.exec(text)
  if (found === null) return undefined
  const end = from + found[0].length
  if (found[1] !== undefined && isRefused(rule, found[1].slice(0, SHOWN))) return { end, hit: undefined }
  if (!hasContext(rule, text, from)) return { end, hit: undefined }
  const stretch = rule.locate === undefined ? stretchOf(text, found) : rule.locate(text, found)
  if (stretch === undefined) return { end, hit: undefined }
  const reached = Math.max(end, stretch.end)
  if (found[1] === undefined && isRefused(rule, text.slice(stretch.start, stretch.end)))
    return { end: reached, hit: undefined }
  return { end: reached, hit: { ...stretch, rule: name, replacement: placeholderOf(name) } }
}

/** The stretch of the first group, up to the quote that ends it if one stands before it; else all that matched. */
function stretchOf(text: string, found: RegExpExecArray): Stretch {
  const to = found.index + found[0].length
  if (found[1] === undefined) return { start: found.index, end: to }
  const start = found.index + found[0].lastIndexOf(found[1])
  const end = start + found[1].length
  const sign = text[start - 1]
  if (sign !== '"' && sign !== "'" && sign !== '`') return { start, end }
  return { start, end: Math.max(end, endOfQuote(text, start, sign, backslashesBefore(text, start - 1, 0)).end) }
}

const isRefused = (rule: SecretRule, secret: string): boolean =>
  isGeneric(secret) || rule.reject?.(secret) === true || (rule.entropy !== undefined && entropy(secret) < rule.entropy)

/** So much of a long secret shows what it is. */
const SHOWN = 512

const hasContext = ({ context }: SecretRule, text: string, at: number): boolean =>
  context === undefined ||
  text
    .slice(Math.max(0, at - 400), at)
    .toLowerCase()
    .includes(context)
