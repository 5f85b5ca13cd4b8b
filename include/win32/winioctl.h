/* SPDX-License-Identifier: MIT */
/* winioctl.h - control codes and their structures, as programs see them: the driver's own headers.
 */
#ifndef NTIO_WIN32_WINIOCTL_H
#define NTIO_WIN32_WINIOCTL_H

#include "windef.h"

#include "../ddk/devioctl.h"
#include "../ddk/ntddstor.h"
#include "../ddk/ntdddisk.h"

#endif
