import { createHash } from 'node:crypto'
import { channel } from '../../gateway/config/guardrails.ts'
import { denyMatcher } from '../../gateway/config/glob.ts'
import type { GatewayConfig, KeysFile } from '../../gateway/config/index.ts'
import { defaultDangerousPatterns } from '../../gateway/config/tools.ts'
import { mint } from '../minted.ts'
import { fixtureTools } from './tool-names.ts'

export type ChainA = {
  /** Content of gateway.json. */
  readonly gateway: GatewayConfig
  /** Content of keys.json: the digest of `key` alone. */
  readonly keys: KeysFile
  /** The key itself, for the `X-API-Key` header. Random in every call. */
  readonly key: string
}

/** Words that stand nowhere in the fixture or the benchmark: the detector has to look at everything and finds nothing. */
export const forbiddenWords: readonly string[] = [
  'zwiebelturm',
  'project-halberd',
  'internal use only: portcullis',
  'quartermaster ledger',
]

/**
 * The chain that conformance and benchmark both run: key, tool policy, two detectors in both directions, audit, metrics.
 *
 * Every tool is allowed, and where a built-in dangerous pattern flags a tool of the fixture it is approved by name, so that a difference
 * from direct is a defect of the gateway and not the effect of a policy.
 *
 * @param upstreamUrl address of the MCP endpoint, on loopback
 * @param server name under which the gateway serves it: `/mcp/<server>`, and `/mcp`
 */
export function chainA(upstreamUrl: string, server = 'fixture'): ChainA {
  const key = mint('api-key')
  const digest = `sha256:${createHash('sha256').update(key).digest('hex')}`
  const flagged = denyMatcher(defaultDangerousPatterns)
  const everywhere = [...channel.options]
  return {
    gateway: {
      schema: 1,
      name: 'standalone',
      hosts: ['localhost', '127.0.0.1', '[::1]'],
      allowedNetworks: ['127.0.0.0/8', '::1'],
      servers: [
        {
          name: server,
          upstream: { http: { url: upstreamUrl } },
          tools: {
            policy: { mode: 'allowlist', allowedTools: ['*'] },
            dangerousPatterns: [...defaultDangerousPatterns],
            approved: fixtureTools.filter(flagged),
          },
          guardrails: {
            rules: [
              {
                policy: 'chain-a',
                detector: { keywords: { words: [...forbiddenWords] } },
                channels: everywhere,
                action: 'Block',
                mode: 'Enforce',
              },
              {
                policy: 'chain-a',
                detector: { secrets: {} },
                channels: everywhere,
                action: 'Redact',
                mode: 'Enforce',
              },
            ],
          },
        },
      ],
    },
    keys: {
      schema: 1,
      keys: [{ name: 'chain-a', digests: [digest], allowedServers: [server] }],
    },
    key,
  }
}
