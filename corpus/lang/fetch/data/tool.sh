#!/bin/sh
echo granite
