import { createTheme, type MantineColorsTuple } from '@mantine/core'

const steel: MantineColorsTuple = [
  '#e9f5f6', '#d3e6e8', '#a6cdd1', '#76b3ba', '#4f9da6', '#368f99', '#247c86', '#1d6870', '#175860', '#0d474e',
]

// Dark enough for white text, light enough to be read on a tint of itself.
const red: MantineColorsTuple = [
  '#fdecec', '#fbd9da', '#f5b0b3', '#ee8488', '#e65e63', '#dd424a', '#c4262e', '#b3161f', '#98111a', '#7c0c14',
]

// The greys of the dark look, in the tone of tokens.css: Mantine draws inputs, menus and
// what is disabled with them.
const dark: MantineColorsTuple = [
  '#e3e8ea', '#c3cdd1', '#9fadb2', '#7c8b91', '#414b4f', '#31393c', '#1e2326', '#16191b', '#121516', '#0c0e0f',
]

/** Mantine's side of the design system; the tokens themselves are in tokens.css. */
export const theme = createTheme({
  colors: { steel, red, dark },
  primaryColor: 'steel',
  primaryShade: { light: 7, dark: 6 },
  defaultRadius: 'sm',
  fontFamily: 'var(--sb-font)',
  fontFamilyMonospace: 'var(--sb-mono)',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  focusRing: 'auto',
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Button: { defaultProps: { size: 'xs' }, styles: { label: { fontWeight: 500 } } },
    TextInput: { defaultProps: { size: 'xs' } },
    PasswordInput: { defaultProps: { size: 'xs' } },
    NumberInput: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs', comboboxProps: { transitionProps: { duration: 0 } } } },
    Textarea: { defaultProps: { size: 'xs', autosize: true } },
    Switch: { defaultProps: { size: 'sm', withThumbIndicator: false } },
    Checkbox: { defaultProps: { size: 'xs' } },
    Modal: { defaultProps: { transitionProps: { duration: 0 }, centered: false, yOffset: '8vh', overlayProps: { backgroundOpacity: 0.4 } } },
    Menu: { defaultProps: { transitionProps: { duration: 0 }, shadow: 'md' } },
    Popover: { defaultProps: { transitionProps: { duration: 0 } } },
  },
})
