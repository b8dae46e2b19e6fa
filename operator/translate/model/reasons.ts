export type ConditionType =
  | 'Accepted'
  | 'ResolvedRefs'
  | 'Programmed'
  | 'Available'
  | 'ToolsApproved'
  | 'InventoryComplete'
  | 'Ready'
  | 'Generated'

/** What each condition asks, in one sentence. */
export const questions: Readonly<Record<ConditionType, string>> = {
  Accepted: 'Does the spec make sense?',
  ResolvedRefs: 'Does everything exist that the object names or depends on?',
  Programmed: 'Are the objects applied, and does the gateway of every ready pod run the current configuration?',
  Available: 'Do the pods run?',
  ToolsApproved: 'May callers see every tool that the server has?',
  InventoryComplete: 'Was the list of tools read to its end?',
  Ready: 'Did an MCP handshake through the gateway work, with the current configuration, and can a caller get in?',
  Generated: 'APIKey with generate: was the key created and collected?',
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
    OtherNamespace: 'Standalone: the object is in a namespace that is not served.',
    DuplicateName: 'Standalone: several objects of one kind have this name, so none of them is used.',
    TransportNotSupported: 'The transport is not supported where the server runs.',
    StandaloneOnly: 'A server with only a command runs under "bartizan run" only.',
    ImageNeedsCluster: 'Without a cluster no container is started; set --url to the address of the image.',
    GenerateNeedsCluster: 'Without a cluster no key is generated; use "bartizan keys create".',
    DuplicateDigest:
      'Another APIKey had the digest first and keeps it. Without a cluster it is unknown which was first, and the digest lets no caller in.',
  },
  ResolvedRefs: {
    ResolvedRefs: 'Everything that the object names or depends on exists.',
    SecretNotFound: 'A Secret that the object names does not exist.',
    SecretKeyNotFound: 'A Secret does not contain the key, or contains several and the object names none.',
    SecretReserved: 'The Secret belongs to Bartizan or to an earlier APIKey, and no other object may use it.',
    EgressNotAllowed: 'The MCPGateway does not allow a destination; it stays closed.',
    PolicyInvalid: 'A GuardrailPolicy that selects the server never compiled, so every call is refused.',
    GatewayInvalid: 'An MCPGateway that applies here never compiled, so every call is refused.',
    TooManyRules:
      'The policies that select the server contain more rules or patterns than a gateway accepts, so every call is refused.',
    TooManyHosts: 'The MCPGateways name more hosts or origins than a gateway accepts, so every call is refused.',
    TooManyKeys: 'The namespace has more APIKeys than a gateway accepts, so every call is refused.',
    TooManyServers: 'Standalone: there are more servers than one gateway accepts; the others are not served.',
    ConfigurationTooBig: 'The configuration does not fit into a ConfigMap, so every call is refused.',
  },
  Programmed: {
    Programmed: 'The objects are applied, and every ready pod runs the current configuration.',
    NotAccepted: 'No version of the spec was ever accepted, so there is nothing to apply.',
    Conflict: 'An object with a name that is needed has another owner; it is left alone.',
    ApplyRefused:
      'The API server refused an object. The message quotes it, and names what to remove from the object if others added it.',
    ForeignEntries:
      'Others added entries to an object, and added them again after they were removed: admission or a controller does that. The message names the object and the entries.',
    GatewayAltered:
      'The container of a gateway differs from its Deployment; the message names pod and field. Delete the pod.',
    WaitingForGateways: 'A gateway does not run the current configuration yet, or no pod is ready.',
    GatewayRefused: 'A gateway reports that the configuration does not compile; it keeps the former one.',
    GatewayOutdated: 'A gateway is older than the configuration; it keeps the former one until it is replaced.',
    GatewayUnreachable: 'A gateway does not answer its operator, or what answers is not the gateway.',
    Stopped: 'The server is stopped, or has no replicas.',
  },
  Available: {
    Available: 'All pods run and get calls.',
    SomePodsNotReady: 'Some pods get calls, others do not.',
    PodsNotReady: 'Pods run, but none gets calls: the gateway finds its server unhealthy.',
    RolloutInProgress: 'Pods are being started or replaced.',
    PodsNotCreated: 'Pods cannot be created: a quota or the policy of the namespace forbids them.',
    Unschedulable: 'No node accepts the pod.',
    ImagePullFailed: 'An image cannot be pulled.',
    ContainerConfigError: 'A container cannot be created: an object that it names is missing.',
    RunAsNonRoot: 'Kubernetes cannot verify that the user of the image is not root.',
    ContainerStartFailed:
      'A container was created and does not start: its command is wrong, or user 10001 may not run it.',
    ReadOnlyFilesystem: 'The server ended because it writes outside /tmp.',
    PermissionDenied: 'The server ended because user 10001 lacks a permission.',
    OutOfMemory: 'The server was killed because it used more memory than its limit.',
    CrashLoop: 'A container ends again and again.',
  },
  ToolsApproved: {
    ToolsApproved: 'No tool waits for an approval.',
    ToolsNeedApproval: 'Tools have dangerous names and no approval; they are hidden and refused.',
    ToolsNotSeen: 'No handshake has shown the tools yet, or not all of them.',
  },
  InventoryComplete: {
    InventoryComplete: 'The whole list was read.',
    TooManyTools: 'The server has more tools than the operator reads; the others are not counted.',
    ListTooLong: 'The list has more bytes or pages than the operator reads.',
    ListTooSlow: 'The list did not end within the time of a handshake.',
    ListUnreadable: 'A page of the list, or the cursor of the next one, could not be read.',
    CursorRepeated: 'The list returned to an earlier page.',
  },
  Ready: {
    Ready: 'An MCP handshake through the gateway worked, with the current configuration, and a caller can get in.',
    NoAuthentication: 'No caller can get in: no APIKey allows this server.',
    HandshakePending: 'No handshake with the current configuration has been seen yet.',
    HandshakeFailed: 'The handshake through the gateway failed; the message says how.',
  },
  Generated: {
    KeyReady: 'The key is in the Secret that the object names: read it, then delete the Secret.',
    Collected: 'The key was read and its Secret deleted; the digest is kept.',
    Generating: 'The key is being created.',
    SecretExists: 'A Secret of that name exists already; it is not adopted.',
    GenerateFailed: 'The API server refused to create the key.',
  },
} as const satisfies Readonly<Record<ConditionType, Readonly<Record<string, string>>>>

type Keys<T> = T extends T ? keyof T : never

export type Reason = Keys<(typeof catalogue)[ConditionType]>
