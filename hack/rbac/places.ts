/** Where things are that the operator writes for a server in the namespace `team`. */
export const core = '/api/v1/namespaces/team'
export const apps = '/apis/apps/v1/namespaces/team'
export const networking = '/apis/networking.k8s.io/v1/namespaces/team'
export const events = '/apis/events.k8s.io/v1/namespaces/team'
export const ours = '/apis/mcp.gateway.io/v1/namespaces/team'
export const leases = '/apis/coordination.k8s.io/v1/namespaces/bartizan-system/leases'
