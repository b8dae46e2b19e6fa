import type { z } from 'zod'
import type { action, channel, mode, GuardrailRule } from '../../../gateway/config/guardrails.ts'
import { fullName, type SelectedPolicy } from './policies.ts'

export type RuleAction = z.infer<typeof action>
export type RuleMode = z.infer<typeof mode>
export type RuleChannel = z.infer<typeof channel>
export type RuleDetector = GuardrailRule['detector']

/** One request of one policy: a detector in a channel. */
export type RuleRequest = {
  /** Namespace and name. */
  readonly policy: string
  readonly detector: RuleDetector
  readonly channel: RuleChannel
  readonly action: RuleAction
  readonly mode: RuleMode
}

/** What callers send, and what servers send. An elicitation is asked by the server and answered by the caller. */
const directions = {
  input: ['Arguments', 'Elicitation'],
  output: ['Result', 'Prompt', 'Resource', 'Definition', 'Elicitation'],
} as const

function keywords(policy: SelectedPolicy, direction: keyof typeof directions): RuleRequest[] {
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
export const ruleRequests = (policy: SelectedPolicy): RuleRequest[] => [
  ...keywords(policy, 'input'),
  ...keywords(policy, 'output'),
  ...(policy.spec.rules ?? []).flatMap(({ channels, ...rule }) =>
    channels.map(channel => ({ ...rule, policy: fullName(policy), channel })),
  ),
]
