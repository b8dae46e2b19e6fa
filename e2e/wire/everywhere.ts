import { channel, type ServerRule } from '../../gateway/config/guardrails.ts'

/** A rule that is enforced in every channel. */
export const everywhere = (detector: ServerRule['detector'], action: ServerRule['action']): ServerRule => ({
  policy: 'p',
  detector,
  channels: [...channel.options],
  action,
  mode: 'Enforce',
})

export const word = (text: string): ServerRule['detector'] => ({ keywords: { words: [text] } })
