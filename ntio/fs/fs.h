/* SPDX-License-Identifier: MIT */
/*
 * fs.h - drives: directories of the host as volumes, with ordinary NT files on them.
 *
 * Calls: io, ob, mm, ex, ke. Called by: init (ntio_map_drive), vm (the host's file behind a
 * section); everybody else opens \??\X:\name and never sees this header.
 *
 * Locks, in order: FspVolumeLock (the list of drives) -> FspLock (every node, link and open: names,
 * sharing, delete pending) -> a node's SizeLock. FspLock is held over the host's calls that find,
 * make, rename and delete names, and over nothing else; reading, writing and flushing hold no lock,
 * appending and changing a size the node's SizeLock.
 */
#ifndef NTIO_FS_FS_H
#define NTIO_FS_FS_H

#include "ntio/io/io.h"

/*
 * Makes \Device\HostVolumeN over Directory and a link to it: Drive "X:" makes \??\X:, "SystemRoot"
 * makes \SystemRoot. STATUS_OBJECT_NAME_INVALID (another name), STATUS_OBJECT_NAME_COLLISION (in
 * use), STATUS_OBJECT_PATH_NOT_FOUND and others for Directory. PASSIVE_LEVEL.
 */
NTSTATUS FsMapDrive(const char *Drive, const char *Directory, BOOLEAN ReadOnly);
/* Takes the link and the device's name away; what is open stays so until it is closed.
 * STATUS_OBJECT_NAME_NOT_FOUND. PASSIVE_LEVEL. */
NTSTATUS FsUnmapDrive(const char *Drive);

/*
 * A descriptor of the host's file behind an open file, for mapping it; the caller closes it.
 * STATUS_INVALID_FILE_FOR_SECTION: no file of this file system, or a directory.
 */
NTSTATUS FsOpenBacking(PFILE_OBJECT File, BOOLEAN Write, int *Descriptor);
/* A view of the file has come, has gone: while there is one, it is not cut short. The caller
 * refers to File. */
VOID FsAddView(PFILE_OBJECT File);
VOID FsRemoveView(PFILE_OBJECT File);
/* Makes the file at least Size bytes long. */
NTSTATUS FsExtend(PFILE_OBJECT File, LONGLONG Size);

#endif
