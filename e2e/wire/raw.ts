export * from '../../hack/testing/raw-http.ts'
