import '@mantine/core/styles.css'
import './theme/tokens.css'
import './theme/app.css'
import { MantineProvider } from '@mantine/core'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import * as z from 'zod/mini'
import { ApiError } from './api/http'
import { App } from './shell/App'
import { theme } from './theme/theme'

// Checks without generated code: the content security policy allows no eval.
z.config({ jitless: true })

// Nobody is signed in any more: the list says so and why, and the sign-in shows.
const signedOut = (error: unknown) => {
  if (error instanceof ApiError && error.problem.status === 401) void queries.invalidateQueries({ queryKey: ['clusters'] })
}

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error, query) => { if (query.queryKey[0] === 'c') signedOut(error) } }),
  mutationCache: new MutationCache({ onError: signedOut }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What was refused stays refused; what did not arrive is asked for once more.
      retry: (count, error) => count < 1 && !(error instanceof ApiError && error.problem.status > 0),
      refetchOnWindowFocus: true,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
})

const root = document.getElementById('root')
if (!root) throw new Error('the page has no root')
createRoot(root).render(
  <MantineProvider theme={theme} defaultColorScheme="auto">
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </MantineProvider>,
)
