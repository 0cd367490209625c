import { Modal, type ModalProps } from '@mantine/core'
import { t } from '../text'

/** A dialog that is open as long as it is there. */
export const Dialog = (props: Omit<ModalProps, 'opened'>) => <Modal opened closeButtonProps={{ 'aria-label': t('action.close') }} {...props} />
