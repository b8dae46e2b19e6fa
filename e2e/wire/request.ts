export * from '../../hack/testing/mcp-request.ts'
