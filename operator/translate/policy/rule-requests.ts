import type { z } from 'zod'
import type { action, channel, mode, GuardrailRule } from '../../../gateway/config/guardrails.ts'
import { fullName, type Policy } from './policies.ts'

export type Action = z.infer<typeof action>
export type Mode = z.infer<typeof mode>
export type Channel = z.infer<typeof channel>
export type Detector = GuardrailRule['detector']

/** One wish of one policy: a detector in a channel. */
export type Wanted = {
  /** Namespace and name. */
  readonly policy: string
  readonly detector: Detector
  readonly channel: Channel
  readonly action: Action
  readonly mode: Mode
}

/** What callers send, and what servers send. An elicitation is asked by the server and answered by the caller. */
const directions = {
  input: ['Arguments', 'Elicitation'],
  output: ['Result', 'Prompt', 'Resource', 'Definition', 'Elicitation'],
} as const

function keywords(policy: Policy, direction: keyof typeof directions): Wanted[] {
  const { spec } = policy
  const { forbiddenKeywords, keywordAction = 'Block', matchMode } = spec[direction] ?? {}
  if (!forbiddenKeywords || forbiddenKeywords.length === 0) return []
  const detector = { keywords: { words: forbiddenKeywords, ...(matchMode && { matchMode }) } }
  return directions[direction].map(channel => ({
    policy: fullName(policy),
    detector,
    channel,
    action: keywordAction,
    mode: 'Enforce' as const,
  }))
}

/** Everything that a policy wants looked for, taken apart by channel. */
export const wantedBy = (policy: Policy): Wanted[] => [
  ...keywords(policy, 'input'),
  ...keywords(policy, 'output'),
  ...(policy.spec.rules ?? []).flatMap(({ channels, ...rule }) =>
    channels.map(channel => ({ ...rule, policy: fullName(policy), channel })),
  ),
]
