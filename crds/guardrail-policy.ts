import * as z from 'zod'
import { action, detectorOptions, rule as guardrailRule, word } from '../gateway/config/guardrails.ts'
import { glob, list, serverName } from '../gateway/config/kit.ts'
import { dangerousPatterns, toolName } from '../gateway/config/tools.ts'
import { traits } from '../gateway/config/traits.ts'
import { kindOf } from './kind.ts'
import { labels } from './labels.ts'
import { rule } from './rule.ts'
import { acceptedColumn, ageColumn, statusFields } from './status.ts'

const words = detectorOptions.keywords.shape

const direction = () =>
  rule(
    z.strictObject({
      forbiddenKeywords: list(word, 1024)
        .optional()
        .describe('Terms that must not pass, compared after NFKC and case folding.')
        .register(traits, { combine: 'union' }),
      keywordAction: action
        .optional()
        .describe('What happens when one is found: Block (if unset) refuses, Redact replaces, Warn records.')
        .register(traits, { combine: 'stricter' }),
      matchMode: words.matchMode,
    }),
    {
      rule: 'has(self.forbiddenKeywords) || (!has(self.keywordAction) && !has(self.matchMode))',
      message: 'keywordAction and matchMode say how forbiddenKeywords are treated: set forbiddenKeywords too',
    },
    value =>
      value.forbiddenKeywords !== undefined || (value.keywordAction === undefined && value.matchMode === undefined),
  )

const approval = z.strictObject({
  server: serverName.describe('Name of the MCPServer.'),
  tool: toolName.describe('Name of the tool, exactly as the server calls it.'),
})

const spec = z
  .strictObject({
    servers: list(glob, 256)
      .optional()
      .describe('Globs over the names of the servers that this policy is for. ["*"] is all of the namespace.')
      .register(traits, { combine: 'each' }),
    selector: z
      .strictObject({ matchLabels: labels.describe('Labels that the MCPServer must carry, all of them.') })
      .optional()
      .describe('Servers chosen by label, in addition to those chosen by name.')
      .register(traits, { combine: 'each' }),
    except: list(glob, 256)
      .optional()
      .describe('Globs over the names of servers that this policy is not for, whatever chose them.')
      .register(traits, { combine: 'each' }),
    input: direction().optional().describe('What callers must not send: arguments, and answers to elicitations.'),
    output: direction()
      .optional()
      .describe('What servers must not send: results, prompts, resources, definitions and elicitations.'),
    rules: list(guardrailRule, 64)
      .optional()
      .describe('What to look for, where, and what to do about it. The order does not matter: the strictest wins.'),
    tools: z
      .strictObject({
        dangerousPatterns: dangerousPatterns.optional(),
        approved: list(approval, 256)
          .optional()
          .describe('Dangerous tools that may be seen and called all the same.')
          .register(traits, { combine: 'approval' }),
      })
      .optional()
      .describe('Which tools count as dangerous, and which of them are approved.'),
  })
  .describe('What may not pass, and for which servers.')

export const guardrailPolicy = kindOf({
  kind: 'GuardrailPolicy',
  plural: 'guardrailpolicies',
  shortName: 'mcpgp',
  description:
    'What may not pass, for which servers, in which direction. Of all policies that choose a server the strictest value of each field holds.',
  nameRules: [],
  columns: [
    acceptedColumn,
    {
      name: 'Servers',
      type: 'integer',
      jsonPath: '.status.serverCount',
      description: 'Number of servers that the policy is in force on.',
    },
    ageColumn,
  ],
  spec: rule(
    spec,
    {
      rule: 'has(self.servers) || has(self.selector)',
      message: 'say which servers the policy is for: set servers or selector (servers: ["*"] is all)',
    },
    value => value.servers !== undefined || value.selector !== undefined,
  ),
  status: z
    .strictObject({
      ...statusFields,
      serverCount: z.int().min(0).optional().describe('Number of servers that the policy is in force on.'),
      servers: list(z.string().max(253), 256)
        .optional()
        .describe('Names of the servers that the policy is in force on; the first 256.'),
    })
    .describe('What is known of the policy.'),
})

export type GuardrailPolicySpec = z.infer<typeof guardrailPolicy.spec>
