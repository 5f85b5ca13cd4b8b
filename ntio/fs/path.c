/* SPDX-License-Identifier: MIT */
/*
 * path.c - from a name to the host's file, below the drive's directory.
 *
 * Nothing is opened but through FspOpenBelow: the kernel itself refuses to leave the directory, by
 * '..', by a symbolic link, or by what somebody changes meanwhile. A kernel that can't do that
 * (before 5.6) is asked for one component after the other, and no symbolic link is followed.
 */
#include "ntio/fs/fsp.h"

#include <linux/openat2.h>
#include <sys/syscall.h>

/* Each step checked; symbolic links lead nowhere. */
static int FspOpenStepwise(PFSP_VOLUME Volume, const char *Path, int Flags)
{
    int At = dup(Volume->Root), Next;
    char Name[NAME_MAX + 1];
    struct stat Stat;

    while (At >= 0 && *Path != '\0') {
        SIZE_T Length = strcspn(Path, "/");
        BOOLEAN Last = Path[Length] == '\0';

        if (Length > NAME_MAX) {
            close(At);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(Name, Path, Length);
        Name[Length] = '\0';
        Next = openat(At, Name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (Next >= 0 && fstat(Next, &Stat) == 0 && S_ISLNK(Stat.st_mode)) {
            close(Next);
            Next = -1;
            errno = EXDEV;
        }
        int Error = errno;
        close(At);
        errno = Error;
        At = Next;
        Path += Length + !Last;
    }
    if (At < 0 || (Flags & O_PATH) != 0)
        return At;
    Next = FspReopen(At, Flags);
    close(At);
    return Next;
}

int FspOpenBelow(PFSP_VOLUME Volume, const char *Path, int Flags)
{
    static _Atomic BOOLEAN Absent;
    struct open_how How = {.flags = (__u64)(Flags | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long Descriptor;

    if (!atomic_load_explicit(&Absent, memory_order_relaxed)) {
        /* EAGAIN: a directory on the way was renamed meanwhile. */
        for (int i = 0; i < 64; i++) {
            Descriptor =
                syscall(SYS_openat2, Volume->Root, *Path == '\0' ? "." : Path, &How, sizeof(How));
            if (Descriptor >= 0 || errno != EAGAIN)
                break;
        }
        if (Descriptor >= 0 || errno != ENOSYS)
            return (int)Descriptor;
        atomic_store_explicit(&Absent, TRUE, memory_order_relaxed);
    }
    return FspOpenStepwise(Volume, Path, Flags);
}

const char *FspProcPath(int Descriptor, char *Text)
{
    snprintf(Text, 32, "/proc/self/fd/%d", Descriptor);
    return Text;
}

int FspReopen(int Descriptor, int Flags)
{
    char Text[32];

    return open(FspProcPath(Descriptor, Text), Flags | O_CLOEXEC);
}

int FspOpenParent(PFSP_VOLUME Volume, const char *Path, const char **Name)
{
    const char *Last = strrchr(Path, '/');
    char Parent[PATH_MAX];

    if (Last == NULL) {
        *Name = Path;
        return FspOpenBelow(Volume, "", O_RDONLY | O_DIRECTORY);
    }
    memcpy(Parent, Path, (SIZE_T)(Last - Path));
    Parent[Last - Path] = '\0';
    *Name = Last + 1;
    return FspOpenBelow(Volume, Parent, O_RDONLY | O_DIRECTORY);
}

typedef struct _FSP_MATCH {
    UNICODE_STRING Name;
    char Best[NAME_MAX + 1];
} FSP_MATCH;

/* Of several names that differ in case alone, the first in the order of their bytes. */
static BOOLEAN FspMatchEntry(const char *Host, PVOID Context)
{
    FSP_MATCH *Match = Context;
    WCHAR Name[FSP_COMPONENT];
    UNICODE_STRING Other = {.Buffer = Name, .MaximumLength = sizeof(Name)};

    if (FspNtName(Host, Name, &Other.Length) && RtlEqualUnicodeString(&Other, &Match->Name, TRUE) &&
        (Match->Best[0] == '\0' || strcmp(Host, Match->Best) < 0))
        snprintf(Match->Best, sizeof(Match->Best), "%s", Host);
    return TRUE;
}

/* Text's last component, from Start, as the host spells it. FALSE: there is none. */
static NTSTATUS FspRespell(PFSP_VOLUME Volume, char *Path, SIZE_T Start)
{
    WCHAR Wide[FSP_COMPONENT];
    FSP_MATCH Match = {.Name = {.Buffer = Wide, .MaximumLength = sizeof(Wide)}};
    const char *Name;
    int Directory = FspOpenParent(Volume, Path, &Name);
    NTSTATUS Status;

    if (Directory < 0)
        return FspStatus(errno);
    if (!FspNtName(Name, Wide, &Match.Name.Length)) {
        close(Directory);
        return STATUS_OBJECT_NAME_INVALID;
    }
    Status = FspScan(Directory, FspMatchEntry, &Match);
    close(Directory);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Match.Best[0] == '\0')
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (Start + strlen(Match.Best) >= PATH_MAX)
        return STATUS_NAME_TOO_LONG;
    strcpy(Path + Start, Match.Best);
    return STATUS_SUCCESS;
}

/* One component after the other, each as it is spelt or, failing that, by another case. */
static NTSTATUS FspWalk(PFSP_VOLUME Volume, const char *Base, const char *Rest, PFSP_FOUND Found)
{
    SIZE_T Length = strlen(Base);

    memcpy(Found->Path, Base, Length + 1);
    for (;;) {
        SIZE_T Component = strcspn(Rest, "/"), Start;
        BOOLEAN Last = Rest[Component] == '\0';
        NTSTATUS Status;

        if (Length != 0)
            Found->Path[Length++] = '/';
        Start = Length;
        if (Length + Component >= PATH_MAX)
            return STATUS_NAME_TOO_LONG;
        memcpy(Found->Path + Length, Rest, Component);
        Found->Path[Length + Component] = '\0';
        Found->Descriptor = FspOpenBelow(Volume, Found->Path, O_PATH);
        if (Found->Descriptor < 0 && errno == ENOENT) {
            Status = FspRespell(Volume, Found->Path, Start);
            if (Status == STATUS_OBJECT_NAME_NOT_FOUND)
                return Last ? STATUS_SUCCESS : STATUS_OBJECT_PATH_NOT_FOUND;
            if (!NT_SUCCESS(Status))
                return Status;
            Found->Descriptor = FspOpenBelow(Volume, Found->Path, O_PATH);
        }
        if (Found->Descriptor < 0) /* a link to nothing, or it has just gone */
            return errno == ENOENT
                       ? (Last ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_OBJECT_PATH_NOT_FOUND)
                       : FspStatus(errno);
        if (Last)
            return STATUS_SUCCESS;
        close(Found->Descriptor);
        Found->Descriptor = -1;
        Length = strlen(Found->Path);
        Rest += Component + 1;
    }
}

NTSTATUS FspFind(PFSP_VOLUME Volume, const char *Base, PCUNICODE_STRING Name, PFSP_FOUND Found)
{
    char Rest[PATH_MAX];
    SIZE_T Length = strlen(Base);
    NTSTATUS Status;

    Found->Descriptor = -1;
    Status = FspHostName(Name, Rest, &Found->Slash);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Length + 1 + strlen(Rest) >= PATH_MAX)
        return STATUS_NAME_TOO_LONG;
    memcpy(Found->Path, Base, Length);
    if (Length != 0 && Rest[0] != '\0')
        Found->Path[Length++] = '/';
    strcpy(Found->Path + Length, Rest);
    Found->Descriptor = FspOpenBelow(Volume, Found->Path, O_PATH);
    if (Found->Descriptor < 0) {
        if (errno != ENOENT || Rest[0] == '\0')
            return FspStatus(errno);
        Status = FspWalk(Volume, Base, Rest, Found);
        if (!NT_SUCCESS(Status) || Found->Descriptor < 0)
            return Status;
    }
    if (fstat(Found->Descriptor, &Found->Stat) != 0) {
        Status = FspStatus(errno);
        close(Found->Descriptor);
        Found->Descriptor = -1;
    }
    return Status;
}
