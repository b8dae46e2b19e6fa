import type { SecretRule } from './rule.ts'

/** Characters that a rule may read in vain, for each character of the text. */
const EFFORT = 16
/** What a look that matches nothing is taken to have read: patterns begin at the edge of a word and end with its kind of letters. */
const GLANCE = 64

/** The most that one look of a rule can read: the sum of its bounded repetitions. */
const reachOf = ({ pattern }: SecretRule): number =>
  [...pattern.source.matchAll(/\{\d+,(\d+)\}/g)].reduce((sum, [, most]) => sum + Number(most), GLANCE)

/** A value that is assigned to the name of a secret is seldom longer. */
const assignmentReach = 640

const reaches = new Map<SecretRule | undefined, number>()
export function reach(rule: SecretRule | undefined): number {
  let found = reaches.get(rule)
  if (found === undefined) reaches.set(rule, (found = rule === undefined ? assignmentReach : reachOf(rule)))
  return found
}

/**
 * Keeps the time linear in the text: without it, a text of nothing but beginnings would be read anew from each of them. A rule that has looked in
 * vain too often has not judged the rest, and what cannot be judged counts as found.
 */
export class Effort {
  readonly #length: number
  readonly #spent = new Map<SecretRule | undefined, number>()

  constructor(length: number) {
    this.#length = length
  }

  isLeft(rule: SecretRule | undefined): boolean {
    return (this.#spent.get(rule) ?? 0) < EFFORT * this.#length + 8 * reach(rule)
  }

  spend(rule: SecretRule | undefined, characters: number): void {
    this.#spent.set(rule, (this.#spent.get(rule) ?? 0) + Math.max(characters, GLANCE))
  }
}
