/* SPDX-License-Identifier: MIT */
/* security.c - security descriptors as structures. ntio checks no access by them. */
#include "rtlp.h"

#define RTLP_DACL_PRESENT   0x0004
#define RTLP_DACL_DEFAULTED 0x0008
#define RTLP_SACL_PRESENT   0x0010
#define RTLP_SELF_RELATIVE  0x8000

/* A self-relative one has 32-bit offsets for pointers. */
typedef struct _RTLP_RELATIVE_DESCRIPTOR {
    UCHAR Revision, Sbz1;
    USHORT Control;
    ULONG Owner, Group, Sacl, Dacl;
} RTLP_RELATIVE_DESCRIPTOR;

typedef struct _RTLP_PARTS {
    const UCHAR *Owner, *Group;
    const ACL *Sacl, *Dacl;
} RTLP_PARTS;

NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Revision)
{
    PISECURITY_DESCRIPTOR Descriptor = SecurityDescriptor;

    if (Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    memset(Descriptor, 0, sizeof(*Descriptor));
    Descriptor->Revision = SECURITY_DESCRIPTOR_REVISION;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            BOOLEAN DaclPresent, struct _ACL *Dacl,
                                            BOOLEAN DaclDefaulted)
{
    PISECURITY_DESCRIPTOR Descriptor = SecurityDescriptor;

    if (Descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    if (Descriptor->Control & RTLP_SELF_RELATIVE)
        return STATUS_INVALID_SECURITY_DESCR;
    Descriptor->Control &= (USHORT) ~(RTLP_DACL_PRESENT | RTLP_DACL_DEFAULTED);
    if (!DaclPresent)
        return STATUS_SUCCESS;
    Descriptor->Control |= RTLP_DACL_PRESENT | (DaclDefaulted ? RTLP_DACL_DEFAULTED : 0);
    Descriptor->Dacl = Dacl;
    return STATUS_SUCCESS;
}

static VOID RtlpGetParts(PSECURITY_DESCRIPTOR SecurityDescriptor, RTLP_PARTS *Parts)
{
    PISECURITY_DESCRIPTOR Absolute = SecurityDescriptor;
    const RTLP_RELATIVE_DESCRIPTOR *Relative = SecurityDescriptor;
    const UCHAR *Base = SecurityDescriptor;

    if (Absolute->Control & RTLP_SELF_RELATIVE) {
        Parts->Owner = Relative->Owner != 0 ? Base + Relative->Owner : NULL;
        Parts->Group = Relative->Group != 0 ? Base + Relative->Group : NULL;
        Parts->Sacl = Relative->Sacl != 0 ? (const ACL *)(Base + Relative->Sacl) : NULL;
        Parts->Dacl = Relative->Dacl != 0 ? (const ACL *)(Base + Relative->Dacl) : NULL;
    } else {
        Parts->Owner = Absolute->Owner;
        Parts->Group = Absolute->Group;
        Parts->Sacl = Absolute->Sacl;
        Parts->Dacl = Absolute->Dacl;
    }
    if (!(Absolute->Control & RTLP_SACL_PRESENT))
        Parts->Sacl = NULL;
    if (!(Absolute->Control & RTLP_DACL_PRESENT))
        Parts->Dacl = NULL;
}

/* A SID: revision, number of sub-authorities, 6 bytes, and 4 for each. */
static ULONG RtlpSidLength(const UCHAR *Sid)
{
    return Sid != NULL ? 8 + 4u * Sid[1] : 0;
}

static BOOLEAN RtlpValidAcl(const ACL *Acl)
{
    return Acl == NULL ||
           (Acl->AclRevision >= 2 && Acl->AclRevision <= 4 && Acl->AclSize >= sizeof(ACL));
}

static BOOLEAN RtlpValidSid(const UCHAR *Sid)
{
    return Sid == NULL || (Sid[0] == 1 && Sid[1] <= 15);
}

#define RTLP_ROUND(n) (((n) + 3u) & ~3u)

ULONG NTAPI RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    PISECURITY_DESCRIPTOR Descriptor = SecurityDescriptor;
    RTLP_PARTS Parts;
    ULONG Length;

    RtlpGetParts(SecurityDescriptor, &Parts);
    Length = Descriptor->Control & RTLP_SELF_RELATIVE ? sizeof(RTLP_RELATIVE_DESCRIPTOR)
                                                      : sizeof(SECURITY_DESCRIPTOR);
    Length += RTLP_ROUND(RtlpSidLength(Parts.Owner)) + RTLP_ROUND(RtlpSidLength(Parts.Group));
    Length += Parts.Sacl != NULL ? RTLP_ROUND(Parts.Sacl->AclSize) : 0;
    Length += Parts.Dacl != NULL ? RTLP_ROUND(Parts.Dacl->AclSize) : 0;
    return Length;
}

BOOLEAN NTAPI RtlValidSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    PISECURITY_DESCRIPTOR Descriptor = SecurityDescriptor;
    RTLP_PARTS Parts;

    if (Descriptor == NULL || Descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
        return FALSE;
    RtlpGetParts(SecurityDescriptor, &Parts);
    return RtlpValidSid(Parts.Owner) && RtlpValidSid(Parts.Group) && RtlpValidAcl(Parts.Sacl) &&
           RtlpValidAcl(Parts.Dacl);
}
