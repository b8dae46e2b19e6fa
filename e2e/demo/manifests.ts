/** What the guarded servers are given by. */
export type Guarded = {
  /** Node and the script of the filesystem server. */
  readonly filesystem: readonly string[]
  /** The folder that it serves. */
  readonly box: string
  readonly everythingUrl: string
}

/** The word that must not leave with an argument. */
export const forbiddenWord = 'Nightingale'

/** Two servers and one policy, as a user would write them. */
export const manifests = ({
  filesystem,
  box,
  everythingUrl,
}: Guarded): string => `# A server that is started as a child process and speaks over stdio.
apiVersion: mcp.gateway.io/v1
kind: MCPServer
metadata: {name: files}
spec:
  command: ${JSON.stringify(filesystem)}
  args: [${JSON.stringify(box)}]
  toolPolicy:
    mode: denylist
    deniedTools: [write_*, edit_*, move_*, create_*]
---
# A server that runs already and speaks over HTTP.
apiVersion: mcp.gateway.io/v1
kind: MCPServer
metadata: {name: everything}
spec:
  url: ${everythingUrl}
  toolPolicy:
    mode: denylist
    deniedTools: [get-env]
---
# What may not pass, for both.
apiVersion: mcp.gateway.io/v1
kind: GuardrailPolicy
metadata: {name: house-rules}
spec:
  servers: ["*"]
  input:
    forbiddenKeywords: [${forbiddenWord}]
  rules:
    - detector: {secrets: {}}
      channels: [Result, Resource]
      action: Redact
      mode: Enforce
---
# The second server is on this very machine, which has to be said.
apiVersion: mcp.gateway.io/v1
kind: MCPGateway
metadata: {name: default}
spec:
  servers:
    allowedNetworks: [127.0.0.0/8]
`
