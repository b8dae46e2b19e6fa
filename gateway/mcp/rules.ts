/**
 * Every rule of the reader by name, so that the fuzzer can prove of each that it is needed: with one disabled, its oracle must find a message
 * that is wrongly accepted.
 */
export const rules = [
  'size',
  'bom',
  'utf8',
  'values',
  'depth',
  'duplicates',
  'escapedNames',
  'surrogates',
  'overflow',
  'version',
  'unknownMember',
  'envelopeCase',
  'paramsCase',
  'metaCase',
  'resultCase',
  'errorCase',
  'toolCase',
  'id',
  'method',
  'params',
  'resultAndError',
  'methodInResponse',
  'result',
  'error',
  'batch',
] as const

export type Rule = (typeof rules)[number]

/** Which rules hold. In the product always all. */
export type RuleSet = { readonly [R in Rule]: boolean }

export const rulesBut = (disabled: Rule | undefined): RuleSet =>
  Object.fromEntries(rules.map(rule => [rule, rule !== disabled])) as RuleSet
