import { catalogue, questions } from '../../operator/translate/model/reasons.ts'

const chapter = (type: string, reasons: Readonly<Record<string, string>>): string =>
  [
    `## ${type}`,
    questions[type as keyof typeof questions],
    [
      '| reason | meaning |',
      '|---|---|',
      ...Object.entries(reasons).map(([name, text]) => `| \`${name}\` | ${text} |`),
    ].join('\n'),
  ].join('\n\n')

/** Every condition with every reason, as Markdown. */
export const conditions = (): string =>
  [
    '# Conditions',
    'What `status.conditions` of the kinds say. `True` is what one wants; a message of `False` names cause and remedy; `Unknown` means that nobody has looked yet. Reasons are stable: programs may read them. Generated from `operator/translate/model/reasons.ts` by `npm run generate`; do not edit.',
    'An `MCPServer` has `Accepted`, `ResolvedRefs`, `Programmed`, `Available`, `ToolsApproved`, `InventoryComplete` and `Ready`; an `APIKey` has `Accepted` and, with `generate`, `Generated`; a `GuardrailPolicy` and an `MCPGateway` have `Accepted`, the latter `ResolvedRefs` as well. A reason stands under the condition that it is about; `Ready` takes over the reason of what keeps it from being true.',
    ...Object.entries(catalogue).map(([type, reasons]) => chapter(type, reasons)),
    '## Phases',
    [
      '| phase | meaning |',
      '|---|---|',
      '| `Provisioning` | Pods are being started for the first time, or run and no gateway of theirs has been asked yet. |',
      '| `Healthy` | All pods get calls, and a gateway was asked and answered. A new pod keeps the phase before until its gateway was asked. |',
      '| `Degraded` | Calls are answered, but not by all pods, or not with the configuration of now, or the handshake fails. |',
      '| `Unhealthy` | It answered once, and now no pod gets calls. |',
      '| `Stopped` | `stopped: true`, or no replicas. |',
      '| `Failed` | It never ran: the spec or the pod is refused. |',
    ].join('\n'),
    '## Events',
    'Events are told of transitions only: a condition that turns true or false, or is false for another reason. What comes and goes with every change (a rollout, a gateway that is waited for) is no Event. `PolicyNoLongerInForce` warns that a server fell out of a policy, be it by a changed label.',
    '',
  ].join('\n\n')
