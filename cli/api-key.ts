export { makeApiKey } from '../gateway/config/api-key.ts'
