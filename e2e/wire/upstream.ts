export * from '../../hack/testing/scripted-upstream.ts'
