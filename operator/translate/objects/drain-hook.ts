import { ports } from '../model/names.ts'

/**
 * The hook that asks the gateway to drain before a container is told to end. The kubelet waits for the answer, which comes when the last call is
 * done. Works in images without a shell. Without a token (a preview of files) there is no hook: the gateway would refuse it.
 */
export const drainHook = (token: string | undefined): object =>
  token === undefined
    ? {}
    : {
        lifecycle: {
          preStop: {
            httpGet: {
              path: '/-/drain',
              port: ports.admin,
              httpHeaders: [{ name: 'X-Bartizan-Drain', value: token }],
            },
          },
        },
      }
