import type { ConditionType } from './desired.ts'

/** What each condition asks, in one sentence. */
export const questions: Readonly<Record<ConditionType, string>> = {
  Accepted: 'Does the spec make sense?',
  ResolvedRefs: 'Does everything exist that the object names or depends on?',
  Programmed: 'Are the objects applied, and does every ready pod run a gateway with the configuration of now?',
  Available: 'Do the pods run?',
  ToolsApproved: 'May callers see every tool that the server has?',
  InventoryComplete: 'Was the list of tools read to its end?',
  Ready: 'Did an MCP handshake through the gateway work, with the configuration of now, and can somebody come in?',
  Generated: 'APIKey with generate: what became of the key?',
}

/**
 * Every reason that a condition can have, under the condition that it begins with, and what it means: the catalogue is part of the reference.
 * `Ready` repeats the reason of the condition that keeps it from being true.
 */
export const catalogue = {
  Accepted: {
    Accepted: 'The spec makes sense and is in force.',
    Invalid:
      'The spec breaks the schema or a rule; the message names the field. The last version that compiled stays in force.',
    OtherNamespace: 'Standalone: the object is in another namespace than the one that is served.',
    DuplicateName: 'Standalone: several objects of one kind have this name, so none of them counts.',
    TransportNotSupported: 'The server cannot be spoken to in this way where it runs.',
    StandaloneOnly: 'A server with command alone runs under "bartizan run" only.',
    ImageNeedsCluster: 'Without a cluster no container is started; --url says where the image listens.',
    GenerateNeedsCluster: 'Without a cluster no key is generated; "bartizan keys create" makes one.',
    DuplicateDigest:
      'Another APIKey had the digest first and keeps it; without a cluster it is not known which was first, and no caller is let in by it.',
  },
  ResolvedRefs: {
    ResolvedRefs: 'Everything that the object names or depends on exists.',
    SecretNotFound: 'A Secret that the object names does not exist.',
    SecretKeyNotFound: 'A Secret lacks the key that is meant, or has several and none is named.',
    SecretReserved: 'The Secret belongs to Bartizan, or to an APIKey that came first, and is given to no other object.',
    EgressNotAllowed: 'A destination lies beyond what the MCPGateway allows; it stays closed.',
    PolicyInvalid: 'A GuardrailPolicy that selects the server never compiled, so every call is refused.',
    GatewayInvalid: 'An MCPGateway that holds here never compiled, so every call is refused.',
    TooManyRules:
      'The policies that select the server hold more rules or patterns than a gateway takes, so every call is refused.',
    TooManyHosts: 'The MCPGateways name more hosts or origins than a gateway takes, so every call is refused.',
    TooManyKeys: 'The namespace has more APIKeys than a gateway takes, so every call is refused.',
    TooManyServers: 'Standalone: there are more servers than one gateway takes; those beyond are not served.',
    ConfigurationTooBig: 'The configuration is more than a ConfigMap holds, so every call is refused.',
  },
  Programmed: {
    Programmed: 'The objects are applied, and every ready pod runs the configuration of now.',
    NotAccepted: 'No version of the spec was ever accepted, so there is nothing to apply.',
    Conflict: 'An object of the name that is needed belongs to somebody else; it is left alone.',
    ApplyRefused:
      'The API server refused an object; the message has its words, and names what is to go from the object if others put it there.',
    ForeignEntries:
      'An object holds what others put into it, and did so again after it was removed: admission or a controller adds it. The message names the object and the entries.',
    GatewayAltered:
      'The container of a gateway runs something else than its Deployment asks for; the message names pod and field. Delete the pod.',
    WaitingForGateways: 'A gateway has not taken up the configuration of now yet, or no pod is ready.',
    GatewayRefused: 'A gateway says that the configuration does not compile; it goes on with the one before.',
    GatewayOutdated: 'A gateway is older than the configuration; it goes on with the one before until it is replaced.',
    GatewayUnreachable: 'A gateway does not answer its operator, or what answers is not the gateway.',
    Stopped: 'The server is stopped, or has no replicas.',
  },
  Available: {
    Available: 'All pods run and get calls.',
    SomePodsNotReady: 'Some pods get calls, others do not.',
    PodsNotReady: 'Pods run, but none gets calls: the gateway finds its server unwell.',
    RolloutInProgress: 'Pods are being started or replaced.',
    PodsNotCreated: 'Pods cannot be created: a quota or the policy of the namespace forbids them.',
    Unschedulable: 'No node takes the pod.',
    ImagePullFailed: 'An image cannot be pulled.',
    ContainerConfigError: 'A container cannot be made: what it names is missing.',
    RunAsNonRoot: 'The user of the image cannot be proved not to be root.',
    ContainerStartFailed: 'A container is made and does not start: its command is wrong, or not for user 10001.',
    ReadOnlyFilesystem: 'The server ended because it writes outside /tmp.',
    PermissionDenied: 'The server ended because user 10001 may not do what it does.',
    OutOfMemory: 'The server was ended because it used more memory than its limit.',
    CrashLoop: 'A container ends again and again.',
  },
  ToolsApproved: {
    ToolsApproved: 'No tool is hidden for want of an approval.',
    ToolsNeedApproval: 'Tools have dangerous names and no approval; they are hidden and refused.',
    ToolsNotSeen: 'No handshake has shown the tools yet, or not all of them.',
  },
  InventoryComplete: {
    InventoryComplete: 'The whole list was read.',
    TooManyTools: 'The server has more tools than are read; those beyond are not counted.',
    ListTooLong: 'The list has more bytes or pages than are read.',
    ListTooSlow: 'The list did not come to its end in the time that a handshake has.',
    ListUnreadable: 'A page of the list, or the cursor of the next one, could not be read.',
    CursorRepeated: 'The list comes back to a page that it had before.',
  },
  Ready: {
    Ready: 'An MCP handshake through the gateway worked, with the configuration of now, and somebody can come in.',
    NoAuthentication: 'Nobody can come in: no APIKey allows this server.',
    HandshakePending: 'No handshake with the configuration of now has been seen yet.',
    HandshakeFailed: 'The handshake through the gateway failed; the message says how.',
  },
  Generated: {
    KeyReady: 'The key lies in the Secret that the object names: fetch it, then delete the Secret.',
    Collected: 'The key was fetched and its Secret deleted; the digest is kept.',
    Generating: 'The key is being made.',
    SecretExists: 'There is a Secret of that name already; it is never taken over.',
    GenerateFailed: 'The API server did not let the key be made.',
  },
} as const satisfies Readonly<Record<ConditionType, Readonly<Record<string, string>>>>

type Keys<T> = T extends T ? keyof T : never

export type Reason = Keys<(typeof catalogue)[ConditionType]>
