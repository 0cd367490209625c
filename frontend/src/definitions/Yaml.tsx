import { Button } from '@mantine/core'
import type { Definition } from '../api/types'
import { t } from '../text'
import { copyText } from '../ui/copy'
import { toYAML } from './document'

export default function Yaml({ definition }: { definition: Definition }) {
  const text = toYAML(definition.kind, definition.name, definition.spec)
  return (
    <>
      <div className="tools">
        <span className="quiet grow">{t('yaml.help')}</span>
        <Button variant="default" onClick={() => void copyText(text)}>{t('action.copy')}</Button>
      </div>
      <pre className="yaml" tabIndex={0} aria-label="YAML">{text}</pre>
    </>
  )
}
