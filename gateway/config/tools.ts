import * as z from 'zod'
import { glob, list } from './kit.ts'
import { traits } from './traits.ts'

/** Characters that the name of a tool may have. */
export const maxToolName = 128

export const toolName = z.string().min(1).max(maxToolName)

/** MCPServer.spec.toolPolicy: which tools of this server callers may see at all. It can only narrow. */
export const toolPolicy = z
  .strictObject({
    mode: z
      .enum(['allowlist', 'denylist'])
      .describe('allowlist: only allowedTools are shown and may be called. denylist: all but deniedTools.'),
    allowedTools: list(glob, 256)
      .optional()
      .describe(
        'Globs over whole tool names, matched exactly as sent. Only with mode allowlist; an empty list allows none.',
      ),
    deniedTools: list(glob, 256)
      .optional()
      .describe(
        'Globs over whole tool names, matched after NFKC and case folding; blanks and invisible characters hide nothing. With either mode; a denial wins.',
      ),
  })
  .describe('Which tools of this server callers see. Calls are enforced exactly as lists are filtered.')

/** The names that need an approval when no GuardrailPolicy says otherwise (requirements W-58). */
export const defaultDangerousPatterns: readonly string[] = [
  '*exec*',
  '*shell*',
  '*eval*',
  '*file_write*',
  '*delete*',
  '*network*',
  '*http_request*',
]

export const dangerousPatterns = list(glob, 128)
  .describe(
    'Tools whose name matches one of these globs (after NFKC and case folding, whatever blanks and invisible characters there are) are hidden and refused until approved.',
  )
  .register(traits, { combine: 'union', unset: defaultDangerousPatterns })

/** What the gateway enforces for the tools of one server: the server's own policy and the approvals of security, combined. */
export const serverTools = z.strictObject({
  policy: toolPolicy.optional(),
  dangerousPatterns: list(glob, 2048).describe('The dangerous patterns of all policies.'),
  approved: list(toolName, 1024).describe('Names of dangerous tools that security has approved for this server.'),
})

export type ServerTools = z.infer<typeof serverTools>
