/** Every reason that a condition can have, and what it means: the catalogue is part of the reference. */
export const reasons = {
  Accepted: 'The spec makes sense and is in force.',
  ResolvedRefs: 'Everything that the object names or depends on exists.',
  Invalid:
    'The spec breaks the schema or a rule; the message names the field. The last version that compiled stays in force.',
  OtherNamespace: 'Standalone: the object is in another namespace than the one that is served.',
  DuplicateName: 'Standalone: several objects of one kind have this name, so none of them counts.',
  TransportNotSupported: 'The server cannot be spoken to in this way where it runs.',
  StandaloneOnly: 'A server with command alone runs under "bartizan run" only.',
  ImageNeedsCluster: 'Without a cluster no container is started; --url says where the image listens.',
  SecretNotFound: 'A Secret that the object names does not exist.',
  SecretKeyNotFound: 'A Secret lacks the key that is meant, or has several and none is named.',
  SecretReserved: 'The Secret belongs to a gateway and is given to nobody else.',
  PolicyInvalid: 'A GuardrailPolicy that selects the server never compiled, so every call is refused.',
  GatewayInvalid: 'An MCPGateway of the namespace never compiled, so every call is refused.',
  TooManyRules:
    'The policies that select the server hold more rules or patterns than a gateway takes, so every call is refused.',
} as const

export type Reason = keyof typeof reasons
