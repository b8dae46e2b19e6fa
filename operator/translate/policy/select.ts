import { z } from 'zod'
import { nearest } from '../../../crds/index.ts'
import { guardrailPolicy, type GuardrailPolicySpec } from '../../../crds/guardrail-policy.ts'
import { allowMatcher } from '../../../gateway/config/glob.ts'
import { perObject } from '../memo.ts'
import type { Document } from '../model/document.ts'

/** The part of a GuardrailPolicy that says which servers it is for. */
export type ServerSelection = Pick<GuardrailPolicySpec, 'servers' | 'selector' | 'except'>

const carries = (labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value)

/** A list is matched for every server of a namespace, and compiled for the first of them. */
const matcherOf = perObject((globs: readonly string[]) => allowMatcher(globs))

/** Whether a policy is for a server: chosen by name or by label, and not excepted. */
export function selects({ servers, selector, except }: ServerSelection, server: Document): boolean {
  if (except && matcherOf(except)(server.name)) return false
  if (servers && matcherOf(servers)(server.name)) return true
  return selector !== undefined && carries(server.labels, selector.matchLabels)
}

const { servers, selector, except } = guardrailPolicy.spec.shape
const chosen = z.object({ servers, selector })
const excepted = z.object({ except })

/**
 * What can be read of the selection of a policy that does not compile; all servers when it cannot be read. A field that looks like a mistyped
 * `servers` or `selector` makes it unreadable, and an exception counts only when it is spelled right.
 */
export function readableSelection(spec: unknown): ServerSelection {
  const everything: ServerSelection = { servers: ['*'] }
  const chooses = chosen.safeParse(spec)
  if (!chooses.success || (!chooses.data.servers && !chooses.data.selector)) return everything
  const known = Object.keys(guardrailPolicy.spec.shape)
  const strange = Object.keys(spec as object).filter(name => !known.includes(name))
  if (strange.some(name => ['servers', 'selector'].includes(nearest(name, known) ?? ''))) return everything
  const exceptions = excepted.safeParse(spec)
  return { ...chooses.data, ...(exceptions.success && exceptions.data) }
}
