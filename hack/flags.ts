// Where the benchmark and the tests look for them; the operator starts its gateways with the same.
export { defaultMemory, gatewayFlags } from '../gateway/config/flags.ts'
