import { Button } from '@mantine/core'
import type { Definition } from '../api/types'
import { t } from '../text'
import { notify } from '../ui/notice'
import { toYAML } from './document'

export default function Yaml({ definition }: { definition: Definition }) {
  const text = toYAML(definition.kind, definition.name, definition.spec)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      notify(t('yaml.copied'))
    } catch {
      notify(t('yaml.notCopied'), true)
    }
  }
  return (
    <>
      <div className="tools">
        <span className="quiet grow">{t('yaml.help')}</span>
        <Button variant="default" onClick={() => void copy()}>{t('action.copy')}</Button>
      </div>
      <pre className="yaml" tabIndex={0} aria-label="YAML">{text}</pre>
    </>
  )
}
