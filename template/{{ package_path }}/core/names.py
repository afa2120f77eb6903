"""The names of this project, for users and for their environment."""

NAME = "{{ distribution_name }}"
PREFIX = "{{ env_prefix }}"
