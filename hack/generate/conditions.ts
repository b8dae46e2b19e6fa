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
    'This page lists the conditions in the status of each kind. `True` is the desired state. If a condition is `False`, its message names cause and remedy. `Unknown` means that it has not been checked yet. Reasons are stable: programs may read them. Generated from `operator/translate/model/reasons.ts` by `npm run generate`; do not edit.',
    'An `MCPServer` has `Accepted`, `ResolvedRefs`, `Programmed`, `Available`, `ToolsApproved`, `InventoryComplete` and `Ready`; an `APIKey` has `Accepted` and, with `generate`, `Generated`; a `GuardrailPolicy` and an `MCPGateway` have `Accepted`, the latter `ResolvedRefs` as well. Each reason is listed under its condition; `Ready` repeats the reason of the condition that keeps it from being `True`.',
    ...Object.entries(catalogue).map(([type, reasons]) => chapter(type, reasons)),
    '## Phases',
    [
      '| phase | meaning |',
      '|---|---|',
      '| `Provisioning` | Pods are being started for the first time, or run and their gateways have not been asked yet. |',
      '| `Healthy` | All pods get calls, and a gateway was asked and answered. A new pod does not change the phase until its gateway was asked. |',
      '| `Degraded` | Calls are answered, but not by all pods, or not with the current configuration, or the handshake fails. |',
      '| `Unhealthy` | It answered before, and now no pod gets calls. |',
      '| `Stopped` | `stopped: true`, or no replicas. |',
      '| `Failed` | It never ran: the spec or the pod is refused. |',
    ].join('\n'),
    '## Events',
    'There are Events for transitions only: a condition becomes true or false, or is false for another reason. What comes and goes with every change (a rollout, waiting for a gateway) is not an Event. `PolicyNoLongerInForce` warns that a policy no longer selects a server, for example because a label changed.',
    '',
  ].join('\n\n')
