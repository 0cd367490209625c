// The sources of @signalbox/sdk, as the nodes of this version have them.
const found = import.meta.glob<string>(['../../../../node/sdk/typescript/{index,test}.ts', '../../../../node/sdk/typescript/src/**/*.ts'], { query: '?raw', import: 'default', eager: true })

export const sdkFiles: Record<string, string> = Object.fromEntries(Object.entries(found).map(([path, text]) => [path.split('/typescript/')[1] ?? path, text]))
