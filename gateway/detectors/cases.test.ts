import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { detectorOptions } from '../config/guardrails.ts'
import type { Detector } from './detector.ts'
import { detectors } from './index.ts'

type Case = {
  readonly name: string
  readonly options?: unknown
  readonly key?: string
  readonly text: string
  /** The stretches that are found, in order. Empty: must not match. */
  readonly finds: readonly string[]
  readonly rules?: readonly string[]
}

type Name = keyof typeof detectors

const names = Object.keys(detectors) as Name[]
const fileOf = (name: string): string => `${import.meta.dirname}/${name}.cases.yaml`
const without = (text: string): string => text.replaceAll('¦', '')

const casesOf = (name: string): Case[] =>
  existsSync(fileOf(name)) ? (parse(readFileSync(fileOf(name), 'utf8')) as Case[]) : []

function make(name: Name, options: unknown): Detector {
  const checked: unknown = detectorOptions[name].parse(options)
  return (detectors[name] as (options: unknown) => Detector)(checked)
}

test.each(names)('the detector %s has cases that find something and cases that must not match', name => {
  const cases = casesOf(name)
  expect(cases.some(({ finds }) => finds.length > 0)).toBe(true)
  expect(cases.some(({ finds }) => finds.length === 0)).toBe(true)
})

describe.each(names)('%s', name => {
  test.each(casesOf(name))('$name', ({ options = {}, key, text, finds, rules }) => {
    const looked = without(text)
    const hits = make(name, options).find(looked, key)
    expect(hits.map(({ start, end }) => looked.slice(start, end))).toEqual(finds)
    expect(rules === undefined ? undefined : hits.map(({ rule }) => rule)).toEqual(rules)
  })

  test.each(casesOf(name))('its literals do not keep it from: $name', ({ options = {}, key, text, finds }) => {
    const looked = without(text)
    const { literals, together = [] } = make(name, options)
    const simple = /^[\t-\r -~]*$/.test(looked)
    const seen = `${looked}\n${key ?? ''}`.toLowerCase()
    const reasons = [...(literals ?? []).map(literal => [literal]), ...together]
    const asked = literals === undefined || !simple || reasons.some(signs => signs.every(sign => seen.includes(sign)))
    expect(asked || finds.length === 0).toBe(true)
  })

  test.each(casesOf(name))('its placeholders are known beforehand: $name', ({ options = {}, text }) => {
    const detector = make(name, options)
    for (const { replacement } of detector.find(without(text))) expect(detector.placeholders).toContain(replacement)
  })
})
