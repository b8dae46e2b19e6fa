import * as z from 'zod'
import { list, oneOf } from './kit.ts'
import { traits } from './traits.ts'

/** A forbidden term. One of white space alone would never be found. */
export const word = z.string().max(256).regex(/\S/, 'must not be empty')

/** The options of every detector, by name. A key added here does not compile until `gateway/detectors/index.ts` has its detector. */
export const detectorOptions = {
  keywords: z
    .strictObject({
      words: list(word, 1024)
        .min(1)
        .describe('Terms that must not pass, compared after NFKC and case folding.')
        .register(traits, { combine: 'union' }),
      matchMode: z
        .enum(['Word', 'Substring'])
        .optional()
        .describe('Word (the default): "key" does not match "keyboard". Substring: it does.')
        .register(traits, { combine: 'wider' }),
    })
    .describe('Forbidden terms.'),
  secrets: z
    .strictObject({
      allowed: list(z.string().min(1).max(256), 128)
        .optional()
        .describe('Exact strings that look like secrets and are not, such as the example keys of a documentation.')
        .register(traits, { combine: 'exceptions' }),
    })
    .describe('API keys, tokens and private keys, by the rules of their issuers and by entropy.'),
}

export const channel = z.enum(['Definition', 'Arguments', 'Result', 'Prompt', 'Resource', 'Elicitation'])

/** What happens to a message in which a detector finds something; the later ones are weaker. */
export const action = z.enum(['Block', 'Redact', 'Warn'])

/** Enforce acts; Audit records what would have happened and lets the message pass. */
export const mode = z.enum(['Enforce', 'Audit'])

const ruleShape = {
  detector: oneOf(detectorOptions)
    .describe('What looks at the text. Exactly one.')
    .register(traits, { combine: 'beside' }),
  channels: list(channel, 6)
    .min(1)
    .describe('Where the text stands in MCP traffic.')
    .register(traits, { combine: 'union' }),
  action: action
    .describe('Block refuses the message, Redact replaces what was found, Warn lets it pass and records it.')
    .register(traits, { combine: 'stricter' }),
  mode: mode
    .describe('Enforce acts; Audit only records what would have happened.')
    .register(traits, { combine: 'beside' }),
}

/** GuardrailPolicy.spec.rules[] */
export const rule = z.strictObject(ruleShape)

/** The same rule in the gateway's configuration, with the policy that it comes from. */
export const serverRule = z.strictObject({
  ...ruleShape,
  policy: z.string().min(1).max(512).describe('Where the rule comes from.'),
})

export const serverGuardrails = z.strictObject({ rules: list(serverRule, 2048) })

export type DetectorOptions = { [K in keyof typeof detectorOptions]: z.infer<(typeof detectorOptions)[K]> }
export type GuardrailRule = z.infer<typeof rule>
export type ServerRule = z.infer<typeof serverRule>
export type ServerGuardrails = z.infer<typeof serverGuardrails>
