/* SPDX-License-Identifier: MIT */
/* setupinf.c - SetupOpenInfFile and the routines that read an open .inf file. */
#include "ntio/win32/setupinf.h"
#include "ntio/win32/join.h"

typedef struct _WIN32_INF {
    struct _WIN32_INF *Next;
    SETUP_INF *Inf;
    ULONG References;
} WIN32_INF;

static KI_LOCK InfpLock;
static WIN32_INF *InfpHandles;

BOOL Win32pSetup(DWORD Error)
{
    if (Error != ERROR_SUCCESS)
        SetLastError(Error);
    return Error == ERROR_SUCCESS;
}

BOOL Win32pWiden(PCSTR Text, WCHAR **Wide)
{
    *Wide = SetuppWide(Text);
    return (Text == NULL || *Wide != NULL) ? TRUE : Win32pSetup(ERROR_NOT_ENOUGH_MEMORY);
}

DWORD Win32pGive(const WCHAR *Text, PWSTR Buffer, DWORD Size, PDWORD RequiredSize)
{
    SIZE_T Needed = NtCrt_wcslen(Text) + 1;

    if (RequiredSize != NULL)
        *RequiredSize = (DWORD)Needed;
    if (Buffer == NULL)
        return Size == 0 ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
    if (Size < Needed)
        return ERROR_INSUFFICIENT_BUFFER;
    memcpy(Buffer, Text, Needed * sizeof(WCHAR));
    return ERROR_SUCCESS;
}

DWORD Win32pGiveA(const WCHAR *Text, SIZE_T Characters, PSTR Buffer, DWORD Size,
                  PDWORD RequiredSize)
{
    ULONG Needed = 0, Written;
    NTSTATUS Status =
        RtlUnicodeToUTF8N(NULL, 0, &Needed, Text, (ULONG)(Characters * sizeof(WCHAR)));

    if (!NT_SUCCESS(Status))
        return ERROR_NO_UNICODE_TRANSLATION;
    if (RequiredSize != NULL)
        *RequiredSize = Needed;
    if (Buffer == NULL)
        return Size == 0 ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
    if (Size < Needed)
        return ERROR_INSUFFICIENT_BUFFER;
    (void)RtlUnicodeToUTF8N(Buffer, Size, &Written, Text, (ULONG)(Characters * sizeof(WCHAR)));
    return ERROR_SUCCESS;
}

/* ---- handles ---- */

SETUP_INF *Win32pInf(HINF Handle)
{
    SETUP_INF *Inf = NULL;

    KiLock(&InfpLock);
    for (WIN32_INF *At = InfpHandles; At != NULL; At = At->Next) {
        if (At == Handle) {
            At->References++;
            Inf = At->Inf;
        }
    }
    KiUnlock(&InfpLock);
    return Inf;
}

VOID Win32pReleaseInf(HINF Handle)
{
    WIN32_INF *Inf = Handle;
    BOOLEAN Last;

    KiLock(&InfpLock);
    Last = --Inf->References == 0;
    KiUnlock(&InfpLock);
    if (Last) {
        SetupCloseInf(Inf->Inf);
        free(Inf);
    }
}

SETUP_INF *Win32pInfHeld(HINF Handle)
{
    return ((WIN32_INF *)Handle)->Inf;
}

VOID WINAPI SetupCloseInfFile(HINF Handle)
{
    WIN32_INF **Link, *Found = NULL;

    KiLock(&InfpLock);
    for (Link = &InfpHandles; *Link != NULL; Link = &(*Link)->Next) {
        if (*Link == Handle) {
            Found = *Link;
            *Link = Found->Next;
            break;
        }
    }
    KiUnlock(&InfpLock);
    if (Found != NULL)
        Win32pReleaseInf(Found);
}

VOID Win32ForgetInfs(VOID)
{
    while (InfpHandles != NULL)
        SetupCloseInfFile(InfpHandles);
}

/* The class that a caller wants: the Class value, or the class's name for ClassGUID alone. */
static DWORD CheckClass(const SETUP_INF *Inf, PCWSTR Class)
{
    INF_VERSION Version;
    DWORD Error = ERROR_CLASS_MISMATCH;

    if (Class == NULL)
        return ERROR_SUCCESS;
    (void)InfGetVersion(Inf->Parts[0].File, &Version);
    if (Version.Class != NULL && InfSame(Version.Class, Class))
        Error = ERROR_SUCCESS;
    InfFreeVersion(&Version);
    return Error;
}

HINF WINAPI SetupOpenInfFileW(PCWSTR FileName, PCWSTR InfClass, DWORD InfStyle, PUINT ErrorLine)
{
    WIN32_INF *Handle = NULL;
    SETUP_INF *Inf = NULL;
    ULONG Line = 0;
    DWORD Error = ERROR_INVALID_PARAMETER;
    char *Path = NULL;

    if (FileName != NULL && (InfStyle & ~(INF_STYLE_OLDNT | INF_STYLE_WIN4)) == 0 && InfStyle != 0)
        Path = SetuppHostPath(FileName);
    if (Path != NULL)
        Error = SetupOpenInf(Path, &Inf, &Line);
    free(Path);
    if (Error == ERROR_SUCCESS && !(InfStyle & INF_STYLE_WIN4))
        Error = ERROR_WRONG_INF_STYLE;
    if (Error == ERROR_SUCCESS)
        Error = CheckClass(Inf, InfClass);
    if (Error == ERROR_SUCCESS && (Handle = calloc(1, sizeof(*Handle))) == NULL)
        Error = ERROR_NOT_ENOUGH_MEMORY;
    if (ErrorLine != NULL)
        *ErrorLine = Line;
    if (Error != ERROR_SUCCESS) {
        SetupCloseInf(Inf);
        SetLastError(Error);
        return INVALID_HANDLE_VALUE;
    }
    Handle->Inf = Inf;
    Handle->References = 1;
    KiLock(&InfpLock);
    Handle->Next = InfpHandles;
    InfpHandles = Handle;
    KiUnlock(&InfpLock);
    return Handle;
}

HINF WINAPI SetupOpenInfFileA(PCSTR FileName, PCSTR InfClass, DWORD InfStyle, PUINT ErrorLine)
{
    WCHAR *Name, *Class = NULL;
    HINF Handle = INVALID_HANDLE_VALUE;

    if (Win32pWiden(FileName, &Name) && Win32pWiden(InfClass, &Class))
        Handle = SetupOpenInfFileW(Name, Class, InfStyle, ErrorLine);
    free(Name);
    free(Class);
    return Handle;
}

BOOL WINAPI SetupOpenAppendInfFileW(PCWSTR FileName, HINF Handle, PUINT ErrorLine)
{
    SETUP_INF *Inf = Win32pInf(Handle);
    WCHAR *Layout = NULL;
    ULONG Line = 0;
    DWORD Error = ERROR_INVALID_HANDLE;
    char *Path = NULL;

    if (Inf == NULL)
        return Win32pSetup(Error);
    if (FileName == NULL)
        FileName = Layout = InfValue(Inf->Parts[0].File, L"Version", L"LayoutFile");
    Error = ERROR_INVALID_DATA; /* no name, and no LayoutFile */
    if (FileName != NULL)
        Path = SetuppHostPath(FileName);
    if (Path != NULL)
        Error = SetupAppendInf(Inf, Path, &Line);
    if (ErrorLine != NULL)
        *ErrorLine = Line;
    free(Path);
    free(Layout);
    Win32pReleaseInf(Handle);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupOpenAppendInfFileA(PCSTR FileName, HINF Handle, PUINT ErrorLine)
{
    WCHAR *Name;
    BOOL Result = Win32pWiden(FileName, &Name) && SetupOpenAppendInfFileW(Name, Handle, ErrorLine);

    free(Name);
    return Result;
}

/* ---- lines ---- */

/* The line of a context, with its file; NULL: the context is none. Release the handle. */
static const INF_LINE *ContextLine(const INFCONTEXT *Context, SETUP_INF **Inf)
{
    const INF_SECTION *Section;

    if (Context == NULL || (*Inf = Win32pInf(Context->Inf)) == NULL)
        return NULL;
    Section = Context->CurrentInf;
    if (Context->Section < (*Inf)->Count && Section != NULL && Context->Line < Section->Count)
        return &Section->Lines[Context->Line];
    Win32pReleaseInf(Context->Inf);
    return NULL;
}

/* The first line with Key from (Part, Line) on in sections of this name. */
static DWORD FindLine(SETUP_INF *Inf, HINF Handle, PCWSTR Name, ULONG Part, ULONG Line, PCWSTR Key,
                      PINFCONTEXT Context)
{
    DWORD Error = ERROR_SECTION_NOT_FOUND;

    for (; Part < Inf->Count; Part++, Line = 0) {
        const INF_SECTION *Section = InfFindSection(Inf->Parts[Part].File, Name);
        ULONG At;

        if (Section == NULL)
            continue;
        Error = ERROR_LINE_NOT_FOUND;
        At = InfFindLine(Inf->Parts[Part].File, Section, Line, Key);
        if (At == MAXULONG)
            continue;
        Context->Inf = Handle;
        Context->CurrentInf = (PVOID)Section;
        Context->Section = Part;
        Context->Line = At;
        return ERROR_SUCCESS;
    }
    return Error;
}

BOOL WINAPI SetupFindFirstLineW(HINF Handle, PCWSTR Section, PCWSTR Key, PINFCONTEXT Context)
{
    SETUP_INF *Inf = Win32pInf(Handle);
    DWORD Error;

    if (Inf == NULL)
        return Win32pSetup(ERROR_INVALID_HANDLE);
    Error = Section == NULL || Context == NULL ? ERROR_INVALID_PARAMETER
                                               : FindLine(Inf, Handle, Section, 0, 0, Key, Context);
    Win32pReleaseInf(Handle);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupFindFirstLineA(HINF Handle, PCSTR Section, PCSTR Key, PINFCONTEXT Context)
{
    WCHAR *Name, *WideKey = NULL;
    BOOL Result = Win32pWiden(Section, &Name) && Win32pWiden(Key, &WideKey) &&
                  SetupFindFirstLineW(Handle, Name, WideKey, Context);

    free(Name);
    free(WideKey);
    return Result;
}

static BOOL FindNext(PINFCONTEXT In, PCWSTR Key, PINFCONTEXT Out)
{
    SETUP_INF *Inf;
    const INF_LINE *Line = ContextLine(In, &Inf);
    HINF Handle;
    DWORD Error;

    if (Line == NULL)
        return Win32pSetup(ERROR_INVALID_PARAMETER);
    Handle = In->Inf;
    Error = Out == NULL ? ERROR_INVALID_PARAMETER
                        : FindLine(Inf, Handle, ((const INF_SECTION *)In->CurrentInf)->Name,
                                   In->Section, In->Line + 1, Key, Out);
    Win32pReleaseInf(Handle);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupFindNextLine(PINFCONTEXT In, PINFCONTEXT Out)
{
    return FindNext(In, NULL, Out);
}

BOOL WINAPI SetupFindNextMatchLineW(PINFCONTEXT In, PCWSTR Key, PINFCONTEXT Out)
{
    return FindNext(In, Key, Out);
}

BOOL WINAPI SetupFindNextMatchLineA(PINFCONTEXT In, PCSTR Key, PINFCONTEXT Out)
{
    WCHAR *Wide;
    BOOL Result = Win32pWiden(Key, &Wide) && FindNext(In, Wide, Out);

    free(Wide);
    return Result;
}

BOOL WINAPI SetupGetLineByIndexW(HINF Handle, PCWSTR Section, DWORD Index, PINFCONTEXT Context)
{
    BOOL Result = SetupFindFirstLineW(Handle, Section, NULL, Context);

    while (Result && Index-- != 0)
        Result = FindNext(Context, NULL, Context);
    return Result;
}

BOOL WINAPI SetupGetLineByIndexA(HINF Handle, PCSTR Section, DWORD Index, PINFCONTEXT Context)
{
    WCHAR *Wide;
    BOOL Result = Win32pWiden(Section, &Wide) && SetupGetLineByIndexW(Handle, Wide, Index, Context);

    free(Wide);
    return Result;
}

LONG WINAPI SetupGetLineCountW(HINF Handle, PCWSTR Name)
{
    SETUP_INF *Inf = Win32pInf(Handle);
    LONG Count = -1;

    if (Inf == NULL) {
        SetLastError(ERROR_INVALID_HANDLE);
        return -1;
    }
    for (ULONG i = 0; i < Inf->Count; i++) {
        const INF_SECTION *Section = InfFindSection(Inf->Parts[i].File, Name);

        if (Section != NULL)
            Count = (Count < 0 ? 0 : Count) + (LONG)Section->Count;
    }
    Win32pReleaseInf(Handle);
    SetLastError(Count < 0 ? ERROR_SECTION_NOT_FOUND : ERROR_SUCCESS);
    return Count;
}

LONG WINAPI SetupGetLineCountA(HINF Handle, PCSTR Section)
{
    WCHAR *Wide;
    LONG Count = Win32pWiden(Section, &Wide) ? SetupGetLineCountW(Handle, Wide) : -1;

    free(Wide);
    return Count;
}

/* ---- fields ---- */

DWORD WINAPI SetupGetFieldCount(PINFCONTEXT Context)
{
    SETUP_INF *Inf;
    const INF_LINE *Line = ContextLine(Context, &Inf);
    DWORD Count;

    if (Line == NULL) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return 0;
    }
    Count = Line->Count;
    Win32pReleaseInf(Context->Inf);
    return Count;
}

/* A field, malloc; NULL with the last error set. */
static WCHAR *Field(PINFCONTEXT Context, DWORD Index)
{
    SETUP_INF *Inf;
    const INF_LINE *Line = ContextLine(Context, &Inf);
    WCHAR *Text = NULL;

    if (Line == NULL || (Index == 0 ? Line->Key == NULL : Index > Line->Count))
        SetLastError(ERROR_INVALID_PARAMETER);
    else if ((Text = InfField(Inf->Parts[Context->Section].File, Line, Index)) == NULL)
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    if (Line != NULL)
        Win32pReleaseInf(Context->Inf);
    return Text;
}

BOOL WINAPI SetupGetStringFieldW(PINFCONTEXT Context, DWORD Index, PWSTR Buffer, DWORD Size,
                                 PDWORD RequiredSize)
{
    WCHAR *Text = Field(Context, Index);
    BOOL Result = Text != NULL && Win32pSetup(Win32pGive(Text, Buffer, Size, RequiredSize));

    free(Text);
    return Result;
}

BOOL WINAPI SetupGetStringFieldA(PINFCONTEXT Context, DWORD Index, PSTR Buffer, DWORD Size,
                                 PDWORD RequiredSize)
{
    WCHAR *Text = Field(Context, Index);
    BOOL Result = Text != NULL && Win32pSetup(Win32pGiveA(Text, NtCrt_wcslen(Text) + 1, Buffer,
                                                          Size, RequiredSize));

    free(Text);
    return Result;
}

BOOL WINAPI SetupGetIntField(PINFCONTEXT Context, DWORD Index, PINT Value)
{
    WCHAR *Text = Field(Context, Index);
    LONG Number = 0;
    BOOL Result = Text != NULL;

    if (Text != NULL && Text[0] != 0 && !InfNumber(Text, &Number))
        Result = Win32pSetup(ERROR_INVALID_DATA);
    if (Result)
        *Value = Number;
    free(Text);
    return Result;
}

/* Fields from Index on, those that are empty left out; double terminated, malloc. */
static WCHAR *MultiField(PINFCONTEXT Context, DWORD Index, SIZE_T *Characters)
{
    DWORD Count = SetupGetFieldCount(Context);
    WCHAR *List = calloc(2, sizeof(WCHAR)), *Larger;
    SIZE_T Used = 0, Length;

    if (List == NULL || Index == 0 || Index > Count) {
        SetLastError(List == NULL ? ERROR_NOT_ENOUGH_MEMORY : ERROR_INVALID_PARAMETER);
        free(List);
        return NULL;
    }
    for (; Index <= Count; Index++) {
        WCHAR *Text = Field(Context, Index);

        Length = Text == NULL || Text[0] == 0 ? 0 : NtCrt_wcslen(Text) + 1;
        Larger = Text == NULL ? NULL : realloc(List, (Used + Length + 1) * sizeof(WCHAR));
        if (Larger == NULL) {
            free(Text);
            free(List);
            SetLastError(ERROR_NOT_ENOUGH_MEMORY);
            return NULL;
        }
        List = Larger;
        memcpy(List + Used, Text, Length * sizeof(WCHAR));
        Used += Length;
        List[Used] = 0;
        free(Text);
    }
    *Characters = Used + 1;
    return List;
}

BOOL WINAPI SetupGetMultiSzFieldW(PINFCONTEXT Context, DWORD Index, PWSTR Buffer, DWORD Size,
                                  LPDWORD RequiredSize)
{
    SIZE_T Characters = 0;
    WCHAR *List = MultiField(Context, Index, &Characters);
    DWORD Error = ERROR_SUCCESS;

    if (List == NULL)
        return FALSE;
    if (RequiredSize != NULL)
        *RequiredSize = (DWORD)Characters;
    if (Buffer == NULL)
        Error = Size == 0 ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
    else if (Size < Characters)
        Error = ERROR_INSUFFICIENT_BUFFER;
    else
        memcpy(Buffer, List, Characters * sizeof(WCHAR));
    free(List);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupGetMultiSzFieldA(PINFCONTEXT Context, DWORD Index, PSTR Buffer, DWORD Size,
                                  LPDWORD RequiredSize)
{
    SIZE_T Characters = 0;
    WCHAR *List = MultiField(Context, Index, &Characters);
    BOOL Result =
        List != NULL && Win32pSetup(Win32pGiveA(List, Characters, Buffer, Size, RequiredSize));

    free(List);
    return Result;
}

BOOL WINAPI SetupGetBinaryField(PINFCONTEXT Context, DWORD Index, PBYTE Buffer, DWORD Size,
                                LPDWORD RequiredSize)
{
    DWORD Count = SetupGetFieldCount(Context), Bytes;

    if (Index == 0 || Index > Count)
        return Win32pSetup(ERROR_INVALID_PARAMETER);
    Bytes = Count - Index + 1;
    if (RequiredSize != NULL)
        *RequiredSize = Bytes;
    if (Buffer != NULL && Size < Bytes)
        return Win32pSetup(ERROR_INSUFFICIENT_BUFFER);
    if (Buffer == NULL && Size != 0)
        return Win32pSetup(ERROR_INVALID_PARAMETER);
    for (DWORD i = 0; i < Bytes && Buffer != NULL; i++) {
        WCHAR *Text = Field(Context, Index + i), *Hex;
        BOOLEAN Prefixed, Is;
        LONG Value = 0;

        if (Text == NULL)
            return FALSE;
        Prefixed = Text[0] == L'0' && (Text[1] == L'x' || Text[1] == L'X');
        Hex = SetuppJoin(Prefixed ? L"" : L"0x", Text, NULL);
        Is = Hex != NULL && InfNumber(Hex, &Value) && Value >= 0 && Value <= 255;
        free(Hex);
        free(Text);
        if (!Is)
            return Win32pSetup(ERROR_INVALID_DATA);
        Buffer[i] = (BYTE)Value;
    }
    return TRUE;
}

/* Fields with commas between them, malloc; NULL with the last error set. */
static WCHAR *LineText(PINFCONTEXT Context, HINF Handle, PCWSTR Section, PCWSTR Key)
{
    INFCONTEXT Found;
    WCHAR *All = NULL, *Longer;
    DWORD Count;

    if (Context == NULL) {
        if (!SetupFindFirstLineW(Handle, Section, Key, &Found))
            return NULL;
        Context = &Found;
    }
    Count = SetupGetFieldCount(Context);
    for (DWORD i = 1; i <= Count; i++) {
        WCHAR *Text = Field(Context, i);

        if (Text == NULL) {
            free(All);
            return NULL;
        }
        Longer = SetuppJoin(All != NULL ? All : L"", All != NULL ? L"," : L"", Text, NULL);
        free(All);
        free(Text);
        All = Longer;
        if (All == NULL) {
            SetLastError(ERROR_NOT_ENOUGH_MEMORY);
            return NULL;
        }
    }
    return All;
}

BOOL WINAPI SetupGetLineTextW(PINFCONTEXT Context, HINF Handle, PCWSTR Section, PCWSTR Key,
                              PWSTR Buffer, DWORD Size, PDWORD RequiredSize)
{
    WCHAR *Text = LineText(Context, Handle, Section, Key);
    BOOL Result = Text != NULL && Win32pSetup(Win32pGive(Text, Buffer, Size, RequiredSize));

    free(Text);
    return Result;
}

BOOL WINAPI SetupGetLineTextA(PINFCONTEXT Context, HINF Handle, PCSTR Section, PCSTR Key,
                              PSTR Buffer, DWORD Size, PDWORD RequiredSize)
{
    WCHAR *Name, *WideKey = NULL, *Text = NULL;
    BOOL Result = FALSE;

    if (Win32pWiden(Section, &Name) && Win32pWiden(Key, &WideKey))
        Text = LineText(Context, Handle, Name, WideKey);
    if (Text != NULL)
        Result = Win32pSetup(Win32pGiveA(Text, NtCrt_wcslen(Text) + 1, Buffer, Size, RequiredSize));
    free(Text);
    free(Name);
    free(WideKey);
    return Result;
}
