/* SPDX-License-Identifier: MIT */
/*
 * root.c - the system root: the host's folder that programs and packages call C:\Windows, and the
 * numbered directories of .inf files. What belongs on drive C: outside of it is in its folder "C".
 */
#include "ntio/setup/setupp.h"
#include "ntio/ldr/ldr.h"
#include "ntio.h"

#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static KI_LOCK SetuppRootLock;
static char *SetuppRootFolder; /* SetuppRootLock; stays once it is there, until the shutdown */
static BOOLEAN SetuppRootTemporary;

/* Directories by number. Source: MS docs, "Using dirids". CSIDL n is 16384 + n. */
static const struct {
    ULONG Id;
    const WCHAR *Path; /* below C:\ */
} SetuppDirectories[] = {
    {10, L"Windows"},
    {11, L"Windows\\System32"},
    {12, L"Windows\\System32\\drivers"},
    {17, L"Windows\\INF"},
    {18, L"Windows\\Help"},
    {20, L"Windows\\Fonts"},
    {21, L"Windows\\System32\\viewers"},
    {23, L"Windows\\System32\\spool\\drivers\\color"},
    {24, L""},
    {25, L"Windows"},
    {30, L""},
    {50, L"Windows\\System"},
    {51, L"Windows\\System32\\spool"},
    {52, L"Windows\\System32\\spool\\drivers\\x64"},
    {53, L"Users\\Default"},
    {54, L""},
    {55, L"Windows\\System32\\spool\\prtprocs\\x64"},
    {16407, L"Users\\Public"},
    {16408, L"ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\Startup"},
    {16409, L"Users\\Public\\Desktop"},
    {16419, L"ProgramData"},
    {16420, L"Windows"},
    {16421, L"Windows\\System32"},
    {16422, L"Program Files"},
    {16425, L"Windows\\SysWOW64"},
    {16426, L"Program Files (x86)"},
    {16427, L"Program Files\\Common Files"},
    {16428, L"Program Files (x86)\\Common Files"},
};

const char *SetuppRoot(BOOLEAN Create)
{
    const char *Base = getenv("TMPDIR"), *Folder;

    KiLock(&SetuppRootLock);
    if (SetuppRootFolder == NULL && Create) {
        SetuppRootFolder =
            SetuppPrint("%s/ntio-XXXXXX", Base != NULL && *Base != '\0' ? Base : "/tmp");
        if (SetuppRootFolder != NULL && mkdtemp(SetuppRootFolder) == NULL) {
            free(SetuppRootFolder);
            SetuppRootFolder = NULL;
        } else {
            SetuppRootTemporary = TRUE;
            LdrSetSystemRoot(SetuppRootFolder);
        }
    }
    Folder = SetuppRootFolder;
    KiUnlock(&SetuppRootLock);
    return Folder;
}

VOID SetuppForgetRoot(VOID)
{
    KiLock(&SetuppRootLock);
    LdrSetSystemRoot(NULL);
    if (SetuppRootFolder != NULL && SetuppRootTemporary)
        SetuppDeleteTree(SetuppRootFolder);
    free(SetuppRootFolder);
    SetuppRootFolder = NULL;
    SetuppRootTemporary = FALSE;
    KiUnlock(&SetuppRootLock);
}

int32_t ntio_set_system_root(const char *path)
{
    NTSTATUS Status = STATUS_SUCCESS;
    struct stat About;
    char *Absolute;

    if (path == NULL)
        return STATUS_INVALID_PARAMETER;
    if (!SetupIsUp())
        return STATUS_DEVICE_NOT_READY;
    if (stat(path, &About) != 0 && mkdir(path, 0755) != 0)
        return STATUS_OBJECT_PATH_NOT_FOUND;
    Absolute = realpath(path, NULL);
    if (Absolute == NULL)
        return STATUS_OBJECT_PATH_NOT_FOUND;
    if (stat(Absolute, &About) != 0 || !S_ISDIR(About.st_mode))
        Status = STATUS_NOT_A_DIRECTORY;
    KiLock(&SetuppRootLock);
    if (NT_SUCCESS(Status) && SetuppRootFolder != NULL)
        Status = STATUS_INVALID_DEVICE_STATE; /* files are there already */
    if (NT_SUCCESS(Status)) {
        SetuppRootFolder = Absolute;
        Absolute = NULL;
        LdrSetSystemRoot(SetuppRootFolder);
    }
    KiUnlock(&SetuppRootLock);
    free(Absolute);
    return Status;
}

int32_t ntio_get_system_root(char *path, size_t size)
{
    const char *Root;
    int Length;

    if (path == NULL || size == 0)
        return STATUS_INVALID_PARAMETER;
    if (!SetupIsUp())
        return STATUS_DEVICE_NOT_READY;
    Root = SetuppRoot(TRUE);
    if (Root == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Length = snprintf(path, size, "%s", Root);
    return Length >= 0 && (size_t)Length < size ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

/* ---- directories by number ---- */

static const WCHAR *SetuppDirectory(ULONG Id)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(SetuppDirectories); i++) {
        if (SetuppDirectories[i].Id == Id)
            return SetuppDirectories[i].Path;
    }
    return NULL;
}

/* A folder below the system root as C:\Windows\..., any other as the host calls it. */
static WCHAR *SetuppProgramPath(const char *Path)
{
    const char *Root = SetuppRoot(FALSE);
    SIZE_T Length = Root == NULL ? 0 : strlen(Root);
    WCHAR *Text, *Wide;

    if (Root == NULL || strncmp(Path, Root, Length) != 0 ||
        (Path[Length] != '/' && Path[Length] != '\0'))
        return SetuppWide(Path);
    Wide = SetuppWide(Path + Length);
    for (WCHAR *At = Wide; At != NULL && *At != 0; At++) {
        if (*At == L'/')
            *At = L'\\';
    }
    Text = Wide == NULL ? NULL : SetuppJoin(SETUPP_WINDOWS, Wide, NULL);
    free(Wide);
    return Text;
}

WCHAR *SetuppDirectoryText(ULONG Id, const char *Package)
{
    const WCHAR *Path = SetuppDirectory(Id);

    if (Path != NULL)
        return SetuppJoin(*Path != 0 ? L"C:\\" : L"C:", Path, NULL);
    if ((Id == 1 || Id == 13) && Package != NULL)
        return SetuppProgramPath(Package);
    return NULL;
}

static char *SetuppOnDriveC(const WCHAR *Path)
{
    static const WCHAR Windows[] = L"Windows";
    const char *Root = SetuppRoot(TRUE);
    WCHAR *Other;
    char *Host;
    SIZE_T i = 0;

    if (Root == NULL)
        return NULL;
    while (Path[0] == L'\\' || Path[0] == L'/')
        Path++;
    while (i < 7 && NtCrt_towupper(Path[i]) == NtCrt_towupper(Windows[i]))
        i++;
    if (i == 7 && (Path[7] == 0 || Path[7] == L'\\' || Path[7] == L'/'))
        return SetuppBelow(Root, Path + 7);
    Other = SetuppJoin(L"C\\", Path, NULL);
    Host = Other == NULL ? NULL : SetuppBelow(Root, Other);
    free(Other);
    return Host;
}

char *SetuppDirectoryPath(ULONG Id, const char *Package)
{
    const WCHAR *Path = SetuppDirectory(Id);

    if (Path != NULL)
        return SetuppOnDriveC(Path);
    if ((Id == 1 || Id == 13) && Package != NULL)
        return SetuppPrint("%s", Package);
    return NULL;
}

char *SetuppHostPath(const WCHAR *Text)
{
    char *Path, *At;

    if (Text[0] != 0 && Text[1] == L':' && NtCrt_towupper(Text[0]) == L'C')
        return SetuppOnDriveC(Text + 2);
    if (Text[0] != 0 && Text[1] == L':' && NtCrt_towupper(Text[0]) == L'Z')
        Text += 2; /* as Wine calls the host's root */
    Path = SetuppNarrow(Text);
    for (At = Path; At != NULL && *At != '\0'; At++) {
        if (*At == '\\')
            *At = '/';
    }
    return Path;
}
