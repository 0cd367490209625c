; The installer of the desktop app for Windows, made by build/dist.sh with
;
;   makensis -DVERSION=… -DNUMBERS=a.b.c.d -DFROM=FOLDER -DWEBVIEW=FILE -DOUT=FILE
;
; It installs for the one user who starts it, so it needs no administrator, and registers
; signalbox:// links. /S installs and removes without a question. Removing leaves the saved
; clusters of the user.

Unicode true
Target amd64-unicode
SetCompressor /SOLID lzma
RequestExecutionLevel user
ManifestDPIAware true

!define PROGRAM "signalbox-desktop.exe"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Signalbox"
!define SCHEME "Software\Classes\signalbox"
!define RUNTIME "Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}"

Name "Signalbox"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\Signalbox"
InstallDirRegKey HKCU "${UNINSTALL}" "InstallLocation"
BrandingText "Signalbox ${VERSION}"

VIProductVersion "${NUMBERS}"
VIFileVersion "${NUMBERS}"
VIAddVersionKey "CompanyName" "The Signalbox authors"
VIAddVersionKey "FileDescription" "Installs Signalbox"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "Copyright 2026 The Signalbox authors. Apache License 2.0"
VIAddVersionKey "ProductName" "Signalbox"
VIAddVersionKey "ProductVersion" "${VERSION}"

!include "MUI2.nsh"
!include "x64.nsh"
!include "WinVer.nsh"

!define MUI_ICON "..\icon.ico"
!define MUI_UNICON "..\icon.ico"
!define MUI_ABORTWARNING
!insertmacro MUI_PAGE_LICENSE "..\..\..\LICENSE"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\${PROGRAM}"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"

LangString tooOld ${LANG_ENGLISH} "Signalbox needs Windows 10 or newer, 64 bit."
LangString tooOld ${LANG_GERMAN} "Signalbox braucht Windows 10 oder neuer, 64 Bit."
LangString runs ${LANG_ENGLISH} "Signalbox is running. Close its window, then try again."
LangString runs ${LANG_GERMAN} "Signalbox läuft gerade. Schließen Sie das Fenster und versuchen Sie es noch einmal."
LangString getsRuntime ${LANG_ENGLISH} "Installing Microsoft's WebView2 runtime, which shows the window (needs the internet)"
LangString getsRuntime ${LANG_GERMAN} "Die WebView2-Laufzeit von Microsoft, die das Fenster zeigt, wird installiert (braucht das Internet)"
LangString noRuntime ${LANG_ENGLISH} "Microsoft's WebView2 runtime could not be installed. Signalbox is installed, but shows no window before that runtime is there."
LangString noRuntime ${LANG_GERMAN} "Die WebView2-Laufzeit von Microsoft ließ sich nicht installieren. Signalbox ist installiert, zeigt aber kein Fenster, solange sie fehlt."

Function .onInit
	${IfNot} ${RunningX64}
	${OrIfNot} ${AtLeastWin10}
		MessageBox MB_OK|MB_ICONSTOP "$(tooOld)" /SD IDOK
		SetErrorLevel 2
		Quit
	${EndIf}
FunctionEnd

; A program that runs cannot be replaced or removed. Its file cannot be opened to append.
!macro WaitForEnd un
Function ${un}WaitForEnd
	again:
	IfFileExists "$INSTDIR\${PROGRAM}" 0 done
	ClearErrors
	FileOpen $0 "$INSTDIR\${PROGRAM}" a
	IfErrors 0 closed
	MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(runs)" /SD IDCANCEL IDRETRY again
	SetErrorLevel 3
	Quit
	closed:
	FileClose $0
	done:
FunctionEnd
!macroend
!insertmacro WaitForEnd ""
!insertmacro WaitForEnd "un."

; The runtime notes its version for the whole machine or for the user.
Function HasRuntime
	SetRegView 32
	ReadRegStr $0 HKLM "SOFTWARE\${RUNTIME}" "pv"
	SetRegView 64
	${If} $0 == ""
	${OrIf} $0 == "0.0.0.0"
		ReadRegStr $0 HKCU "Software\${RUNTIME}" "pv"
	${EndIf}
	${If} $0 == "0.0.0.0"
		StrCpy $0 ""
	${EndIf}
FunctionEnd

Section
	Call WaitForEnd
	SetOutPath "$INSTDIR"
	File "${FROM}\${PROGRAM}"
	File "${FROM}\README.md"
	File "${FROM}\LICENSE"
	File "${FROM}\NOTICE"
	File "${FROM}\THIRD-PARTY-LICENSES.txt"
	WriteUninstaller "$INSTDIR\uninstall.exe"
	CreateShortcut "$SMPROGRAMS\Signalbox.lnk" "$INSTDIR\${PROGRAM}"

	WriteRegStr HKCU "${SCHEME}" "" "URL:Signalbox"
	WriteRegStr HKCU "${SCHEME}" "URL Protocol" ""
	WriteRegStr HKCU "${SCHEME}\DefaultIcon" "" "$INSTDIR\${PROGRAM},0"
	WriteRegStr HKCU "${SCHEME}\shell\open\command" "" '"$INSTDIR\${PROGRAM}" "%1"'

	WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Signalbox"
	WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
	WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\${PROGRAM}"
	WriteRegStr HKCU "${UNINSTALL}" "Publisher" "The Signalbox authors"
	WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
	WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
	WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
	WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
	WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
	SectionGetSize 0 $0
	WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" $0

	Call HasRuntime
	${If} $0 == ""
		DetailPrint "$(getsRuntime)"
		InitPluginsDir
		File "/oname=$PLUGINSDIR\webview2.exe" "${WEBVIEW}"
		ExecWait '"$PLUGINSDIR\webview2.exe" /silent /install' $1
		Call HasRuntime
		${If} $0 == ""
			MessageBox MB_OK|MB_ICONEXCLAMATION "$(noRuntime)" /SD IDOK
		${EndIf}
	${EndIf}
SectionEnd

Section "Uninstall"
	Call un.WaitForEnd
	Delete "$INSTDIR\${PROGRAM}"
	Delete "$INSTDIR\README.md"
	Delete "$INSTDIR\LICENSE"
	Delete "$INSTDIR\NOTICE"
	Delete "$INSTDIR\THIRD-PARTY-LICENSES.txt"
	Delete "$INSTDIR\uninstall.exe"
	RMDir "$INSTDIR"
	Delete "$SMPROGRAMS\Signalbox.lnk"
	; Another copy of the program may have taken the links over.
	ReadRegStr $0 HKCU "${SCHEME}\shell\open\command" ""
	${If} $0 == '"$INSTDIR\${PROGRAM}" "%1"'
		DeleteRegKey HKCU "${SCHEME}"
	${EndIf}
	DeleteRegKey HKCU "${UNINSTALL}"
SectionEnd
